"""Vendors whose cost comes in twice: on a marketplace's bill, and from a source of their own."""

from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.double_counting import Door, DoorCost, TwoDoors
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.double_counting import DoubleCounting, double_counting, double_counting_months
from frontend.components.figure import download
from frontend.components.table import Column, Kind, Row, money, money_table

QUESTION = "Does a vendor's cost count twice?"
MONTHS = 3  # what is still being corrected; the files have every month
_DOORS = {Door.OWN: "Its own bill", Door.RESOLD: "Another's bill"}


def double_counting_card(session: Session, viewer: Viewer) -> Component:
    """The newest of the last months in which a vendor comes in through two doors. Nothing where none does."""
    for month in double_counting_months(session, viewer)[:MONTHS]:
        report = double_counting(session, viewer, Period.month_of(month))
        if report.vendors:
            return _card(report)
    return html.Div()


def _card(report: DoubleCounting) -> Component:
    link = download("As CSV", f"/api/v1/double-counting.csv?period={report.period.label}")
    head = html.Div([html.H3(QUESTION), html.Div(link, className="links")], className="card-head")
    told = f"{report.period.label}. These vendors are on a bill of their own and on another's as well."
    columns = [
        Column("vendor", "Vendor", pinned=True, width=180),
        Column("source", "Source"),
        Column("door", "Whose bill"),
        Column("currency", "Currency", width=100),
        Column("billed", "Billed cost", Kind.MONEY, hint="Of live charges"),
        Column("effective", "Effective cost", Kind.MONEY, hint="Of live charges"),
        Column("services", "Services"),
        Column("state", "State"),
    ]
    rows = [_row(vendor, door) for vendor in report.vendors for door in vendor.doors]
    items = [html.Li([html.Strong(f"{each.vendor}:"), f" {each.advice}"]) for each in report.vendors]
    advice = html.Ul(items, className="quiet", style={"margin": "14px 18px", "paddingLeft": 16})
    table = money_table("double-counting", QUESTION, columns, rows)
    return html.Section([head, html.P(told, className="quiet"), table, advice], className="card flush")


def _row(vendor: TwoDoors, door: DoorCost) -> Row:
    return {
        "vendor": vendor.vendor,
        "source": door.source,
        "door": _DOORS[door.door],
        "currency": door.billing_currency,
        "billed": money(door.billed_cost),
        "effective": money(door.effective_cost),
        "services": ", ".join(door.services) or None,
        "state": "✓ Told apart" if vendor.settled else "✗ To be looked at",
    }
