"""What restated bills changed: a line for each load that replaced another and moved a figure."""

from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.viewer import Viewer
from app.reports.restatements import Restatement, restatements
from frontend.components.table import Column, Kind, Row, money, money_table

QUESTION = "What did restated bills change?"


def restatements_card(session: Session, viewer: Viewer) -> Component:
    """The changes by billing month, newest first, each leading to its owners and services. Nothing where none is."""
    found = restatements(session, viewer)
    if not found:
        return html.Div()
    columns = [
        Column("period", "Billing period", pinned=True, width=120),
        Column("load", "Load", link="href", width=100, hint="What changed by owner and service"),
        Column("source", "Source"),
        Column("created", "Loaded at (UTC)", width=150),
        Column("replaced", "In place of"),
        Column("state", "State", width=120),
        Column("lines", "Owners and services", Kind.COUNT, hint="How many combinations changed"),
        Column("currency", "Currency", width=100),
        Column("billed", "Billed cost changed by", Kind.MONEY),
        Column("effective", "Effective cost changed by", Kind.MONEY),
    ]
    table = money_table("restatements", QUESTION, columns, [_row(each) for each in found])
    return html.Section([html.Div(html.H3(QUESTION), className="card-head"), table], className="card flush")


def _row(change: Restatement) -> Row:
    return {
        "period": f"{change.billing_period_start:%Y-%m}",
        "load": f"#{change.load_id}",
        "href": f"/health/loads/{change.load_id}",
        "source": change.source,
        "created": f"{change.created_at:%Y-%m-%d %H:%M}",
        "replaced": ", ".join(f"#{each}" for each in change.replaced) or None,
        "state": change.state,
        "lines": change.lines,
        "currency": change.billing_currency,
        "billed": money(change.billed_cost_change),
        "effective": money(change.effective_cost_change),
    }
