"""How far a billing month's statement has come, as a sentence with a badge."""

from datetime import UTC, datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.domain.period import Period
from app.domain.statement import StatementState
from app.reports.chargeback import ChargebackBlock, ChargebackReport
from app.reports.shown_statement import ShownStatement
from frontend.amounts import exact
from frontend.components.attributes import digits
from frontend.state import chargeback_url

STATES = {StatementState.DRAFT: "Draft", StatementState.ISSUED: "Issued", StatementState.CLOSED: "Closed"}
_BADGES = {
    StatementState.DRAFT: "badge-plain",
    StatementState.ISSUED: "badge-warn",
    StatementState.CLOSED: "badge-good",
}


def period_label(period: Period, state: StatementState | None) -> str:
    """`2026-03 · closed`: a billing month in a list of them."""
    return f"{period.label} · {STATES[state].lower()}" if state else period.label


def state_badge(state: StatementState) -> Component:
    """The state as a badge."""
    return html.Span(STATES[state], className=f"badge {_BADGES[state]}")


def state_line(statement: ShownStatement | None) -> Component:
    """Which figures a report shows. Without a statement they are live."""
    if statement is None:
        words = "figures: no statement of this month is drawn on this cost."
        return html.P([html.Span("Live", className="badge badge-plain"), f" {words}"], className="state")
    return html.P([state_badge(statement.state), f" {standing(statement)}"], className="state")


def standing(statement: ShownStatement) -> str:
    """Who did it when, or what a draft is; it goes on from the name of the state."""
    match statement.state:
        case StatementState.CLOSED:
            return f"{_when(statement.closed_at, statement.closed_by)}, as statement no. {statement.id}."
        case StatementState.ISSUED:
            issued = _when(statement.issued_at, statement.issued_by)
            return f"{issued}, as statement no. {statement.id}, and not closed yet."
        case _:
            return "– follows the bills and the policy until it is issued and closed."


def has_moved(block: ChargebackBlock) -> bool:
    """Whether any live figure is another than what was issued or closed; the total may be the same."""
    return any(charge.moved for charge in (*block.teams, block.unallocated))


def moved_line(report: ChargebackReport, block: ChargebackBlock) -> Component:
    """What live figures have more than what was issued or closed, and where that goes. Nothing if they agree."""
    statement = report.statement
    if statement is None or not has_moved(block):
        return html.Div()
    verb = "closed" if statement.state is StatementState.CLOSED else "issued"
    amount = html.Strong(f"{exact(block.moved)} {block.currency}", **digits(block.moved))
    told: list[Any] = ["the live total has moved by ", amount]
    if not block.moved:
        told = ["live figures have moved between teams, and not in total"]
    ends = {
        StatementState.CLOSED: ". The difference is charged as adjustments in later months. ",
        StatementState.ISSUED: ". Issue it again to charge it with this month. ",
    }
    href = f"{chargeback_url(report.period.label, report.metric)}&state={StatementState.DRAFT}"
    live = dcc.Link("Look at the live figures", href=href)
    return html.P([f"Since it was {verb}, ", *told, ends[statement.state], live], className="moved")


def _when(moment: datetime | None, who: str | None) -> str:
    at = f"on {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""
    return f"{at} by {who}" if who else at
