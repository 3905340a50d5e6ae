"""What every team owes for a billing month."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.charge import Metric
from app.domain.money import EXACT, percent
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.viewer import Viewer
from app.reports.adjustments import adjustments
from app.reports.budgets import BudgetReport, budgets_beside
from app.reports.chargeback import ChargebackBlock, ChargebackReport, chargeback
from app.reports.closing import period_states
from app.reports.pool_splits import split_sentence
from frontend.amounts import change_words, exact
from frontend.answer import Question, answers, asking, leading_to, page
from frontend.callback import callback
from frontend.change import told
from frontend.clock import today
from frontend.components.adjustments_card import adjustments_card
from frontend.components.attributes import labelled
from frontend.components.chargeback_table import PARTS, Parts, chargeback_table, pools, shared_amount
from frontend.components.controls import choice, switch
from frontend.components.figure import chart_card, download, graph
from frontend.components.kpi import total_line
from frontend.components.statement_state import moved_line, period_label, state_line
from frontend.components.states import no_bills, no_rows
from frontend.figures import Series, stacked_parts
from frontend.pages.chargeback_closing import closing
from frontend.state import chargeback_url, one_of, query_string
from frontend.words import METRICS

PATH = "/chargeback"
TITLE = "Chargeback"


@page
def layout(
    period: str | None = None,
    metric: str | None = None,
    state: str | None = None,
    by: str | None = None,
    **_params: Any,
) -> Component:
    """The question: which month, on which cost, from the statement in which state, in which parts."""
    asked = asking("chargeback", period=period, metric=metric, state=state, by=by)
    return html.Div([html.H1("Chargeback"), asked])


@answers("chargeback")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The month's chargeback, the newest month's when none is asked for."""
    states = period_states(session, viewer)
    if not states:
        return no_bills()
    period = Period.parse_month(question["period"]) if question["period"] else Period.month_of(next(iter(states)))
    asked_state = one_of(StatementState, "state", question["state"])
    by = one_of(Parts, "by", question["by"]) or Parts.ORIGIN
    report = chargeback(session, viewer, period, asked_metric(question["metric"]), asked_state)
    policy = f"Policy: {report.policy}" if report.policy else "No policy yet, so everything is unallocated"
    subtitle = html.P(f"Bills of {period.label}, on {METRICS[report.metric].lower()}. {policy}.", className="subtitle")
    against = budgets_beside(session, viewer, report, today=today()) if report.statement else None
    blocks = [_block(report, block, by, asked_state, against) for block in report.blocks]
    nothing = no_rows(f"No bill of {period.label} is live.", "/chargeback", "Show the newest month")
    return html.Div(
        [
            subtitle,
            state_line(report.statement),
            _way_back(report, asked_state, states.get(period.start)),
            told(question),
            _controls(states, report, by, asked_state),
            closing(viewer, period),
            *(blocks or [nothing]),
            adjustments_card(adjustments(session, viewer, period, asked_state), states),
        ]
    )


def _way_back(report: ChargebackReport, state: StatementState | None, counts: StatementState | None) -> Component:
    """From a state that was asked for to the statement that counts."""
    if state in {None, counts}:
        return html.Div()
    href = chargeback_url(report.period.label, report.metric)
    return html.P(dcc.Link("Show the statement that counts for this month", href=href), className="quiet")


def asked_metric(text: str | None) -> Metric | None:
    """The cost named in a URL; None leaves it to the policy. Raises BadInput for another word."""
    return one_of(Metric, "metric", text)


def _controls(
    states: Mapping[date, StatementState | None], report: ChargebackReport, by: Parts, state: StatementState | None
) -> Component:
    months = {report.period.label: report.period.label} | {
        f"{start:%Y-%m}": period_label(Period.month_of(start), each) for start, each in states.items()
    }
    shown = {
        "period": report.period.label,
        "metric": report.metric.value,
        "by": by.value,
        "state": state.value if state else "",
    }
    return html.Div(
        [
            leading_to("chargeback-url"),
            dcc.Store(id="chargeback-shown", data=shown),
            choice("chargeback-period", "Billing period", months, report.period.label, width=160),
            choice("chargeback-metric", "Metric", METRICS, report.metric, width=160),
            switch("chargeback-by", "Parts", PARTS, by),
        ],
        className="card question controls",
    )


@callback(
    Output("chargeback-url", "search"),
    Input("chargeback-period", "value"),
    Input("chargeback-metric", "value"),
    Input("chargeback-by", "value"),
    State("chargeback-shown", "data"),
    prevent_initial_call=True,
)
def change_question(period: str, metric: str, by: str, shown: dict[str, str]) -> Any:
    """The URL of the month, the cost and the parts that were picked; another month or cost may have no such state."""
    if (period, metric, by) == (shown["period"], shown["metric"], shown["by"]):
        return no_update
    kept = [("state", shown["state"])] if shown["state"] and by != shown["by"] else []
    return "?" + query_string([("period", period), ("metric", metric), ("by", by), *kept])


def _block(
    report: ChargebackReport,
    block: ChargebackBlock,
    by: Parts,
    state: StatementState | None,
    against: BudgetReport | None,
) -> Component:
    change = EXACT.subtract(block.total, block.previous_total)
    moved = f"{change_words(change, percent(change, block.previous_total))} on {report.period.previous_month().label}"
    notes: list[str | Component] = [moved]
    if block.charged is not None:
        notes.append(f"charged {exact(block.charged)}")
    if block.rows_without_value:
        notes.append(f"{block.rows_without_value:,} rows without a value")
    query = query_string([("metric", report.metric.value), *([("state", state.value)] if state else [])])
    files = f"/api/v1/chargeback/{report.period.label}"
    return html.Section(
        [
            total_line(f"{METRICS[report.metric]} of {report.period.label}", block.total, block.currency, *notes),
            chart_card(
                f"What does each team owe for {report.period.label}, in {block.currency}?",
                _chart(report, block),
                download("CSV", f"{files}.csv?{query}"),
                download("XLSX", f"{files}.xlsx?{query}"),
                download("Parquet", f"{files}.parquet?{query}"),
            ),
            moved_line(report, block),
            chargeback_table(report, block, by, against.in_currency(block.currency) if against else None),
            *(html.P(split_sentence(pool), className="quiet") for pool in block.pools),
        ],
        **labelled(f"Chargeback in {block.currency}"),
    )


def _chart(report: ChargebackReport, block: ChargebackBlock) -> Component:
    owing = [team for team in (*block.teams, block.unallocated) if team.total]
    parts = [Series("Direct", tuple(team.direct for team in owing))]
    for pool_id, name in pools(owing).items():
        parts.append(Series(name, tuple(shared_amount(team, pool_id) for team in owing)))
    figure = stacked_parts([team.name for team in owing], parts, currency=block.currency)
    label = f"Bars: what each team owes in {block.currency}, direct and shared; the table below has the figures"
    return graph(
        figure,
        name=f"trueup-chargeback-{report.period.label}-{block.currency}",
        label=label,
        height=80 + 30 * len(owing),
    )
