"""How far a billing month's statement has come, as a sentence with a badge."""

from datetime import UTC, datetime

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
        words = "These figures are live: no statement of this month is drawn on this cost."
        return html.P([html.Span("Live", className="badge badge-plain"), f" {words}"], className="state")
    return html.P([state_badge(statement.state), f" {standing(statement)}"], className="state")


def standing(statement: ShownStatement) -> str:
    """Who did what when, or what a draft is."""
    match statement.state:
        case StatementState.CLOSED:
            return f"Closed {_when(statement.closed_at, statement.closed_by)}, as statement no. {statement.id}."
        case StatementState.ISSUED:
            issued = _when(statement.issued_at, statement.issued_by)
            return f"Issued {issued}, as statement no. {statement.id}, and not closed yet."
        case _:
            return "It follows the bills and the policy until it is issued and closed."


def moved_line(report: ChargebackReport, block: ChargebackBlock) -> Component:
    """What live figures have more than what was issued or closed, and where that goes. Nothing if they agree."""
    statement = report.statement
    if statement is None or not block.moved:
        return html.Div()
    verb = "closed" if statement.state is StatementState.CLOSED else "issued"
    amount = html.Strong(f"{exact(block.moved)} {block.currency}", **digits(block.moved))
    ends = {
        StatementState.CLOSED: ". The difference is charged as adjustments in later months. ",
        StatementState.ISSUED: ". Issue it again to charge it with this month. ",
    }
    href = f"{chargeback_url(report.period.label, report.metric)}&state={StatementState.DRAFT}"
    live = dcc.Link("Look at the live figures", href=href)
    return html.P([f"Since it was {verb}, the live total has moved by ", amount, ends[statement.state], live],
                  className="moved")  # fmt: skip


def _when(moment: datetime | None, who: str | None) -> str:
    at = f"on {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""
    return f"{at} by {who}" if who else at
