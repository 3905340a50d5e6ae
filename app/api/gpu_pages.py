"""Pages of reports about GPUs, as they read in JSON."""

from collections.abc import Sequence
from dataclasses import fields
from itertools import accumulate

from app.api.cost_pages import Page, Texts
from app.domain.money import plain
from app.reports.gpu_boards import BoardRow
from app.reports.gpu_utilization import UtilizationReport, UtilizationRow
from app.reports.gpu_waste import WasteBlock, WasteReport, WasteRow

_AMOUNTS = ("gpu_hours", "board_minutes", "amount", "waste", "recoverable_capacity", "recoverable_bill")
_OF_BLOCK = ("currency", "total", "waste", "gpu_hours", "recoverable_capacity", "recoverable_bill", "confidence")
_MEASURES = tuple(each.name for each in fields(UtilizationRow) if each.name != "keys")


def waste_blocks(report: WasteReport, page: Page) -> list[dict[str, object]]:
    """Every block with those of its rows that are on the page; rows count through all blocks."""
    firsts = [0, *accumulate(len(block.rows) for block in report.blocks)]
    return [_block(report, block, page, first) for block, first in zip(report.blocks, firsts, strict=False)]


def utilization_rows(report: UtilizationReport, page: Page) -> list[dict[str, object]]:
    """The rows on the page: the measures as numbers, what was not measured as null."""
    group_by = report.question.group_by
    return [
        {**{name: getattr(row, name) for name in _MEASURES}, **dict(zip(group_by, row.keys, strict=True))}
        for row in report.rows[page.offset : page.end]
    ]


def board_rows(boards: Sequence[BoardRow], page: Page) -> Sequence[BoardRow]:
    """The boards on the page."""
    return boards[page.offset : page.end]


def _block(report: WasteReport, block: WasteBlock, page: Page, first: int) -> dict[str, object]:
    rows = block.rows[max(page.offset - first, 0) : max(page.end - first, 0)]
    return {
        **{name: getattr(block, name) for name in _OF_BLOCK},
        "reconciliation": block.reconciliation,
        "rows": [_row(report.question.group_by, row) for row in rows],
    }


def _row(group_by: Sequence[str], row: WasteRow) -> Texts:
    amounts: Texts = {name: plain(getattr(row, name)) for name in _AMOUNTS}
    return {**dict(zip(group_by, row.keys, strict=True)), **amounts, "confidence": row.confidence}
