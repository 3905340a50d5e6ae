"""What a month's statement corrects of closed months, and what later months correct of it."""

from collections.abc import Mapping
from datetime import date

from dash import html
from dash.development.base_component import Component

from app.domain.figure import explain_url
from app.domain.statement import CostType, StatementState
from app.reports.adjustments import Adjustments, Correction, LaterCorrection
from frontend.components.figure import download
from frontend.components.statement_state import STATES
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import query_string
from frontend.words import COST_TYPES


def adjustments_card(found: Adjustments, states: Mapping[date, StatementState | None]) -> Component:
    """Both directions, each only where there is something; `states` are those of the statements that count."""
    cards = []
    if found.corrections:
        cards.append(_corrections(found))
    if found.later:
        cards.append(_later(found, states))
    return html.Div(cards)


def _month_url(label: str, *more: tuple[str, str]) -> str:
    return f"/chargeback?{query_string([('period', label), *more])}"


def _corrections(found: Adjustments) -> Component:
    month = found.period.label
    question = f"What does {month} correct of closed months?"
    columns = [
        Column("team", "Team", pinned=True, width=170),
        Column("corrects", "Corrects", link="month", width=100, hint="The closed billing period"),
        Column("service", "Of", width=220),
        Column("kind", "Cost type", width=130),
        Column("currency", "Currency", width=90),
        Column("was", "Charged so far", Kind.MONEY, hint="What closed statements charged for it"),
        Column("now", "Comes to now", Kind.MONEY),
        Column("change", "Adjustment", Kind.EXACT, link="explain"),
        Column("charged", "Charged", Kind.MONEY),
        Column("load", "Cause", link="cause", width=150, hint="The load, or the policy version, that moved it"),
    ]
    rows = [_correction_row(each, found) for each in found.corrections]
    links = [download("CSV", f"/api/v1/chargeback/{month}/lines.csv")]
    head = html.Div([html.H3(question), html.Div(links, className="links")], className="card-head")
    return html.Section([head, money_table("corrections", question, columns, rows)], className="card flush")


def _correction_row(each: Correction, found: Adjustments) -> Row:
    words, cause = _cause(each)
    return {
        "team": each.team_name,
        "corrects": each.corrects.label,
        "month": _month_url(each.corrects.label),
        "service": each.service_name or each.pool_name or each.invoice_issuer_name,
        "kind": COST_TYPES[each.cost_type],
        "currency": each.billing_currency,
        "was": money(each.was),
        "now": money(each.now),
        "change": money(each.change),
        "explain": explain_url(
            None,
            period=found.period.start,
            currency=each.billing_currency,
            team=each.team_id,
            cost_type=CostType.ADJUSTMENT,
            service_name=each.service_name,
            adjusts_period=each.corrects.start,
        ),
        "charged": money(each.charged),
        "load": words,
        "cause": cause,
    }


def _cause(each: Correction) -> tuple[str | None, str | None]:
    """What moved it, and where that is shown: the newest load leads to what it changed."""
    words = []
    if each.loads:
        words.append(f"load {', '.join(f'#{load}' for load in each.loads)}")
    before, after = each.policy_versions
    if before != after:
        words.append(f"policy {before or 'none'} → {after or 'none'}")
    href = f"/health/loads/{each.loads[-1]}" if each.loads else "/policy" if words else None
    return ", ".join(words).capitalize() or None, href


def _later(found: Adjustments, states: Mapping[date, StatementState | None]) -> Component:
    question = f"Which later months correct {found.period.label}?"
    columns = [
        Column("period", "In", link="month", pinned=True, width=150),
        Column("team", "Team", width=200),
        Column("currency", "Currency", width=90),
        Column("change", "Adjustment", Kind.EXACT, link="explain"),
        Column("charged", "Charged", Kind.MONEY),
    ]
    rows = [_later_row(each, found, states.get(each.period.start)) for each in found.later]
    months = sorted({each.period.label for each in found.later})
    links = [download(f"{label} CSV", f"/api/v1/chargeback/{label}/lines.csv") for label in months]
    head = html.Div([html.H3(question), html.Div(links, className="links")], className="card-head")
    return html.Section([head, money_table("later", question, columns, rows)], className="card flush")


def _later_row(each: LaterCorrection, found: Adjustments, counts: StatementState | None) -> Row:
    state = [] if each.state is counts else [("state", each.state.value)]
    return {
        "period": f"{each.period.label} · {STATES[each.state].lower()}",
        "month": _month_url(each.period.label, *state),
        "team": each.team_name,
        "currency": each.billing_currency,
        "change": money(each.change),
        "explain": explain_url(
            None,
            period=each.period.start,
            currency=each.billing_currency,
            team=each.team_id,
            cost_type=CostType.ADJUSTMENT,
            adjusts_period=found.period.start,
            state=each.state,
        ),
        "charged": money(each.charged),
    }
