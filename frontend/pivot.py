"""Cost rows laid out as a table: one line per group, one bucket of time per column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.money import total
from app.reports.costs import CostBlock

Keys = tuple[str | None, ...]


@dataclass(frozen=True)
class Line:
    """A group's cost in each bucket; a bucket without a row (or without any value) is None."""

    keys: Keys
    amounts: tuple[Decimal | None, ...]

    @property
    def total(self) -> Decimal:
        """The group's cost over all buckets."""
        return total(amount for amount in self.amounts if amount is not None)


@dataclass(frozen=True)
class Pivot:
    """The lines of a block, largest first. `rest` stands for `rest_count` more lines, so that all add up."""

    buckets: tuple[date | None, ...]
    lines: tuple[Line, ...]
    rest: Line | None = None
    rest_count: int = 0

    def largest(self, count: int) -> "Pivot":
        """The `count` largest lines, with what is left gathered in `rest`."""
        kept, left = self.lines[:count], self.lines[count:]
        return Pivot(self.buckets, kept, _gathered(left) if left else None, len(left))


def pivot(block: CostBlock) -> Pivot:
    """`block` as lines and buckets."""
    buckets = tuple(sorted({row.period_start for row in block.rows}, key=lambda start: start or date.min))
    column = {bucket: index for index, bucket in enumerate(buckets)}
    cells: dict[Keys, list[Decimal | None]] = {}
    for row in block.rows:
        cells.setdefault(row.keys, [None] * len(buckets))[column[row.period_start]] = row.amount
    lines = [Line(keys, tuple(amounts)) for keys, amounts in cells.items()]
    lines.sort(key=lambda line: (-abs(line.total), [key or "" for key in line.keys]))
    return Pivot(buckets, tuple(lines))


def _gathered(lines: Sequence[Line]) -> Line:
    columns = zip(*(line.amounts for line in lines), strict=True)
    return Line((), tuple(_sum(column) for column in columns))


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known else None
