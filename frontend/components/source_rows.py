"""The rows of archived bills behind a charge key."""

from dash import html
from dash.development.base_component import Component

from app.reports.explain_rows import SourceRows
from app.reports.line_items import LineItem
from frontend.components.figure import download
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.words import METRICS


def rows_card(found: SourceRows, query: str) -> Component:
    """The rows with their file and row number, and what they come to."""
    columns = [
        Column("file", "File", pinned=True, width=320),
        Column("row", "Row", Kind.COUNT, width=110),
        Column("day", "Charge period", width=160),
        Column("cost", METRICS[found.metric], Kind.EXACT),
        Column("share", "Share", width=140),
        Column("amount", "Amount", Kind.EXACT),
    ]
    shown = f"the first {len(found.items):,} of " if found.total_rows > len(found.items) else ""
    dimensions = ", ".join(f"{name} {value}" for name, value in found.dimensions.items())
    bills = "; ".join(f"archive/{bill.source}/{bill.sha256}/files" for bill in found.bills)
    files = f"/api/v1/explain/rows.csv?{query}&charge_key={found.charge_key}"
    head = html.Div(
        [html.H3(f"Charge key {found.charge_key}: {shown}{found.total_rows:,} rows"), download("CSV", files)],
        className="card-head",
    )
    table = money_table(
        "source-rows",
        "Rows of the bills",
        columns,
        [_row(item, found) for item in found.items],
        totals=[{"file": f"All {found.total_rows:,} rows", "amount": money(found.amount)}],
    )
    return html.Section(
        [head, html.P(dimensions, className="quiet"), table, html.P(f"Archived in {bills}", className="quiet")],
        className="card flush",
    )


def _row(item: LineItem, found: SourceRows) -> Row:
    return {
        "file": f"{item.source}: {item.file}",
        "row": item.row_number,
        "day": f"{item.charge_period_start:%Y-%m-%d %H:%M}",
        "cost": money(getattr(item, found.metric)),
        "share": money(item.share),
        "amount": money(item.amount),
    }
