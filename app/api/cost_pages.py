"""Pages of costs and of line items, as they read in JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from app.api.questions import AskedCosts
from app.domain.money import plain
from app.reports.costs import CostBlock, CostReport, CostRow
from app.reports.line_items import LineItem

Shape = Literal["rows", "columns"]
Texts = dict[str, str | None]


@dataclass(frozen=True)
class Page:
    """The rows from `offset` on, at most `limit`."""

    offset: int
    limit: int

    @property
    def end(self) -> int:
        """The offset of the next page."""
        return self.offset + self.limit


def meta(asked: AskedCosts) -> dict[str, object]:
    """The question, as the answer repeats it."""
    query = asked.query
    return {
        "metric": query.metric,
        "axis": query.axis,
        "start": query.start,
        "end": query.end,
        "granularity": query.granularity,
        "group_by": list(asked.labels),
    }


def cost_blocks(report: CostReport, labels: Sequence[str], page: Page, shape: Shape) -> list[dict[str, object]]:
    """Every block with those of its rows that are on the page; rows count through all blocks."""
    lengths = [len(block.rows) for block in report.blocks]
    firsts = [0, *accumulate(lengths)]
    return [
        _block(block, labels, block.rows[max(page.offset - first, 0) : max(page.end - first, 0)], shape)
        for block, first in zip(report.blocks, firsts, strict=False)
    ]


def _block(block: CostBlock, labels: Sequence[str], rows: Sequence[CostRow], shape: Shape) -> dict[str, object]:
    names = ("period_start", *labels, "amount")
    cells = [_cells(row) for row in rows]
    shaped: object = [dict(zip(names, row, strict=True)) for row in cells]
    if shape == "columns":
        shaped = {name: [row[i] for row in cells] for i, name in enumerate(names)}
    return {
        "currency": block.currency,
        "total": block.total,
        "rows_without_value": block.rows_without_value,
        "rows": shaped,
    }


def _cells(row: CostRow) -> tuple[str | None, ...]:
    period_start = row.period_start.isoformat() if row.period_start else None
    return (period_start, *row.keys, None if row.amount is None else plain(row.amount))


def line_item(item: LineItem) -> dict[str, object]:
    """A line item: its columns, then where it stands in the bill and what of it is meant."""
    return {
        "charge_period_start": item.charge_period_start,
        "charge_period_end": item.charge_period_end,
        **item.values,
        "currency": item.currency,
        "billed_cost": item.billed_cost,
        "effective_cost": item.effective_cost,
        "list_cost": item.list_cost,
        "contracted_cost": item.contracted_cost,
        "share": item.share,
        "amount": item.amount,
        "source": item.source,
        "file": item.file,
        "row_number": item.row_number,
    }
