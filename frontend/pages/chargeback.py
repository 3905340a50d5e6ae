"""What every team owes for a billing month."""

from datetime import date
from typing import Any

from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.charge import Metric
from app.domain.money import EXACT, percent
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.chargeback import ChargebackBlock, ChargebackReport, billing_periods, chargeback
from app.reports.pool_splits import split_sentence
from frontend.amounts import change_words
from frontend.answer import Question, answers, asking, leading_to, page
from frontend.callback import callback
from frontend.components.attributes import labelled
from frontend.components.chargeback_table import chargeback_table, pools, shared_amount
from frontend.components.controls import choice
from frontend.components.figure import chart_card, download, graph
from frontend.components.kpi import total_line
from frontend.components.states import no_bills, no_rows
from frontend.figures import Series, stacked_parts
from frontend.state import query_string
from frontend.words import METRICS

PATH = "/chargeback"
TITLE = "Chargeback"


@page
def layout(period: str | None = None, metric: str | None = None, **_params: Any) -> Component:
    """The question: which month, on which cost."""
    return html.Div([html.H1("Chargeback"), asking("chargeback", period=period, metric=metric)])


@answers("chargeback")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The month's chargeback, the newest month's when none is asked for."""
    months = billing_periods(session, viewer)
    if not months:
        return no_bills()
    period = Period.parse_month(question["period"]) if question["period"] else Period.month_of(months[0])
    report = chargeback(session, viewer, period, asked_metric(question["metric"]))
    policy = f"Policy: {report.policy}" if report.policy else "No policy yet, so everything is unallocated"
    subtitle = html.P(f"Bills of {period.label}, on {METRICS[report.metric].lower()}. {policy}.", className="subtitle")
    blocks = [_block(report, block) for block in report.blocks]
    nothing = no_rows(f"No bill of {period.label} is live.", "/chargeback", "Show the newest month")
    return html.Div([subtitle, _controls(months, report), *(blocks or [nothing])])


def asked_metric(text: str | None) -> Metric | None:
    """The cost named in a URL; None leaves it to the policy. Raises BadInput for another word."""
    try:
        return Metric(text) if text else None
    except ValueError:
        raise BadInput(f"metric={text} is unknown. Choose from {', '.join(Metric)}.") from None


def _controls(months: tuple[date, ...], report: ChargebackReport) -> Component:
    labels = {f"{month:%Y-%m}": f"{month:%Y-%m}" for month in months} | {report.period.label: report.period.label}
    return html.Div(
        [
            leading_to("chargeback-url"),
            dcc.Store(id="chargeback-shown", data={"period": report.period.label, "metric": report.metric.value}),
            choice("chargeback-period", "Billing period", labels, report.period.label, width=150),
            choice("chargeback-metric", "Metric", METRICS, report.metric, width=160),
        ],
        className="card question controls",
    )


@callback(
    Output("chargeback-url", "search"),
    Input("chargeback-period", "value"),
    Input("chargeback-metric", "value"),
    State("chargeback-shown", "data"),
    prevent_initial_call=True,
)
def change_question(period: str, metric: str, shown: dict[str, str]) -> Any:
    """The URL of the month and the cost that were picked."""
    if (period, metric) == (shown["period"], shown["metric"]):
        return no_update
    return "?" + query_string([("period", period), ("metric", metric)])


def _block(report: ChargebackReport, block: ChargebackBlock) -> Component:
    change = EXACT.subtract(block.total, block.previous_total)
    moved = f"{change_words(change, percent(change, block.previous_total))} on {report.period.previous_month().label}"
    notes = [moved, *([f"{block.rows_without_value:,} rows without a value"] if block.rows_without_value else [])]
    query = query_string([("metric", report.metric.value)])
    files = f"/api/v1/chargeback/{report.period.label}"
    return html.Section(
        [
            total_line(f"{METRICS[report.metric]} of {report.period.label}", block.total, block.currency, *notes),
            chart_card(
                f"What does each team owe for {report.period.label}, in {block.currency}?",
                _chart(report, block),
                download("CSV", f"{files}.csv?{query}"),
                download("XLSX", f"{files}.xlsx?{query}"),
            ),
            chargeback_table(report, block),
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
