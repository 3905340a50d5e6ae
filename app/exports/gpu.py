"""GPU reports as tables."""

from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal

from app.domain.gpu.states import STATES
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.gpu_boards import BoardRow
from app.reports.gpu_heat import HeatMap
from app.reports.gpu_utilization import UtilizationReport, UtilizationRow
from app.reports.gpu_waste import WasteReport

_OF_WASTE = ("gpu_hours", "board_minutes", "amount", "waste", "recoverable_capacity", "recoverable_bill")
_COUNTED = ("boards",)
_NAMED = ("activity_source",)
MEASURES = tuple(each.name for each in fields(UtilizationRow) if each.name not in {"period_start", "keys"})


def gpu_waste_table(report: WasteReport) -> Table:
    """Paid board-minutes, one line per combination; amounts in `billing_currency`."""
    question = report.question
    columns = (*texts(*question.group_by, "billing_currency"), *amounts(*_OF_WASTE), *texts("confidence"))
    rows: list[tuple[Cell, ...]] = [
        (*row.keys, block.currency, *(getattr(row, name) for name in _OF_WASTE), row.confidence)
        for block in report.blocks
        for row in block.rows
    ]
    return Table(f"gpu waste {question.start} to {question.end}", columns, rows)


def gpu_utilization_table(report: UtilizationReport) -> Table:
    """Telemetry, one line per bucket and combination."""
    question = report.question
    columns = (Column("period_start", Kind.INSTANT), *texts(*question.group_by), *map(_measure_column, MEASURES))
    rows: list[tuple[Cell, ...]] = [
        (row.period_start, *row.keys, *(_number(getattr(row, name)) for name in MEASURES)) for row in report.rows
    ]
    return Table(f"gpu utilization {question.start} to {question.end}", columns, rows)


def gpu_boards_table(boards: Sequence[BoardRow]) -> Table:
    """Boards, one line each and per currency, with the GPU-hours of every state."""
    money = ("gpu_hours", "amount", "waste", "recoverable_capacity", "recoverable_bill")
    columns = (
        *texts("gpu_uuid", "node", "model", "billing_currency"),
        *amounts("fb_total_mib", *money, *(f"{state}_gpu_hours" for state in STATES)),
        Column("last_seen_at", Kind.INSTANT),
        *texts("last_owner"),
        Column("last_owned_at", Kind.INSTANT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            *(each.gpu_uuid, each.node, each.model, each.currency, _number(each.fb_total_mib)),
            *(getattr(each, name) for name in money),
            *(each.hours_in(state) for state in STATES),
            *(each.last_seen_at, each.last_owner, each.last_owned_at),
        )
        for each in boards
    ]
    return Table("gpu boards", columns, rows)


def gpu_heat_table(heat: HeatMap) -> Table:
    """A heat map, one line per cell in which something was observed."""
    columns = (
        Column("period_start", Kind.INSTANT),
        *texts("row", "node", "first_board", "last_board"),
        Column("boards", Kind.COUNT),
        *amounts(heat.measure.value, "coverage_ratio"),
    )
    rows: list[tuple[Cell, ...]] = [
        (at, row.label, row.node, row.first, row.last, row.boards, _number(value), _number(coverage))
        for row, values, coverages in zip(heat.rows, heat.values, heat.coverage, strict=True)
        for at, value, coverage in zip(heat.columns, values, coverages, strict=True)
        if coverage
    ]
    return Table(f"gpu heat {heat.start:%Y-%m-%d} to {heat.end:%Y-%m-%d}", columns, rows)


def _measure_column(name: str) -> Column:
    kind = Kind.COUNT if name in _COUNTED else Kind.TEXT if name in _NAMED else Kind.AMOUNT
    return Column(name, kind)


def _number(value: float | str | None) -> Cell:
    """A measurement as a cell: files hold decimals."""
    return Decimal(repr(value)) if isinstance(value, float) else value
