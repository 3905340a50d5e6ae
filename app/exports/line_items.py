"""Line items as a table."""

from sqlalchemy.orm import Session

from app.domain.charge import COSTS
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.cost_query import CostQuery
from app.reports.line_items import LineItem, LineItemReport, line_items

# A file is made in memory; a line item has some fifty cells.
MOST_ITEMS = 100_000


def all_line_items(session: Session, viewer: Viewer, query: CostQuery) -> LineItemReport:
    """Every line item that `query` asks for. Raises BadInput when they are too many for one file."""
    report = line_items(session, viewer, query, limit=MOST_ITEMS)
    if report.total_rows > MOST_ITEMS:
        raise BadInput(
            f"These are {report.total_rows:,} line items; a file holds {MOST_ITEMS:,}. Ask for a shorter span or add a"
            " filter, or read them page by page as JSON."
        )
    return report


def line_items_table(report: LineItemReport) -> Table:
    """Line items, one line each, with every column that any of them has."""
    names = tuple(dict.fromkeys(name for item in report.items for name in item.values))
    columns = (
        Column("charge_period_start", Kind.INSTANT),
        Column("charge_period_end", Kind.INSTANT),
        *texts(*names, "currency"),
        *amounts(*COSTS, "share", "amount"),
        *texts("source", "file"),
        Column("row_number", Kind.COUNT),
    )
    name = f"line items {report.query.start} to {report.query.end}"
    return Table(name, columns, [_row(item, names) for item in report.items])


def _row(item: LineItem, names: tuple[str, ...]) -> tuple[Cell, ...]:
    return (
        item.charge_period_start,
        item.charge_period_end,
        *(item.values.get(name) for name in names),
        item.currency,
        *(getattr(item, cost) for cost in COSTS),
        item.share,
        item.amount,
        item.source,
        item.file,
        item.row_number,
    )
