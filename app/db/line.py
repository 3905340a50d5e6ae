"""What the detail store is asked for, and what it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Span:
    """Which lines are meant besides their keys: days of the charge period, and texts that dimensions must have."""

    first_day: date | None
    end_day: date | None
    texts: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class LineTotal:
    """Lines of one currency and share, and what their costs come to before sharing."""

    currency: str
    share: Decimal
    rows: int
    sums: Mapping[str, Decimal]


@dataclass(frozen=True)
class Line:
    """A line of a bill, with the file and row it stands in."""

    source: str
    file: str
    row_number: int
    charge_period_start: datetime
    charge_period_end: datetime
    currency: str
    costs: Mapping[str, Decimal | None]
    share: Decimal
    values: Mapping[str, str | None]  # every cell of the row, under the column's name in the file
