"""How the running month compares, what moved, and how fresh the figures are."""

from datetime import date, timedelta
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.money import EXACT, percent
from app.domain.viewer import Viewer
from app.reports.cost_query import CostQuery, Granularity
from app.reports.overview import Overview, OverviewBlock, overview
from frontend.amounts import change_words, readable
from frontend.answer import Question, answers, asking, page
from frontend.clock import now, today
from frontend.components.attributes import labelled
from frontend.components.explain_link import explain_costs_url, explain_link
from frontend.components.figure import chart_card, download, graph
from frontend.components.freshness import freshness_card
from frontend.components.kpi import kpi, kpi_text
from frontend.components.movers import movers_card
from frontend.components.states import no_bills
from frontend.figures import Series, over_time
from frontend.state import Chart, View, trends_url
from frontend.words import METRICS

PATH = "/"
TITLE = "Overview"
DAYS = 60


@page
def layout(**_params: Any) -> Component:
    """The same question for everybody, how things stand."""
    return html.Div([html.H1("Overview"), asking("overview", today=str(today()))])


@answers("overview")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """Every currency's overview, then the sources."""
    report = overview(session, viewer, today=date.fromisoformat(question["today"]))
    if not report.blocks:
        return no_bills()
    subtitle = html.P(
        f"{METRICS[report.metric]} by day of use, {report.month.label} up to {report.as_of}", className="subtitle"
    )
    blocks = [_block(report, block) for block in report.blocks]
    return html.Div(
        [
            subtitle,
            *blocks,
            freshness_card(
                report.sources,
                dcc.Link("Data health", href="/health", className="action"),
                now=now(),
            ),
        ]
    )


def _block(report: Overview, block: OverviewBlock) -> Component:
    currency, metric, as_of = block.currency, report.metric, report.as_of
    return html.Section(
        [
            html.H2(currency) if len(report.blocks) > 1 else html.Span(),
            html.Div(_cards(block, report), className="kpis"),
            _daily(report, block),
            html.Div(
                [
                    movers_card(
                        "Which teams moved most", block.movers_by_team, as_of=as_of, metric=metric, currency=currency
                    ),
                    movers_card(
                        "Which services moved most",
                        block.movers_by_service,
                        as_of=as_of,
                        metric=metric,
                        currency=currency,
                    ),
                ],
                className="pair",
            ),
        ],
        **labelled(f"Overview in {currency}"),
    )


def _cards(block: OverviewBlock, report: Overview) -> list[Component]:
    change = EXACT.subtract(block.month_to_date, block.previous_month_to_date)
    share = percent(change, block.previous_month_to_date)
    month, previous = report.month, report.month.previous_month()
    unallocated = View(
        CostQuery(month.start, month.end, report.metric, granularity=Granularity.DAY, group_by=("service_name",))
    ).only("team", None)
    return [
        kpi(
            "Month to date",
            block.month_to_date,
            block.currency,
            f"{change_words(change, share)} on the same days of {previous.label}",
            _explained(report, block, month.start, report.as_of + timedelta(days=1)),
        ),
        kpi(
            "Same days last month",
            block.previous_month_to_date,
            block.currency,
            f"the first {report.as_of.day} days of {previous.label}",
            _explained(report, block, previous.start, min(previous.start + timedelta(report.as_of.day), previous.end)),
        ),
        kpi(
            "Previous month",
            block.previous_month,
            block.currency,
            f"all of {previous.label}",
            _explained(report, block, previous.start, previous.end),
        ),
        kpi_text(
            "Unallocated share",
            "–" if block.unallocated_percent is None else f"{block.unallocated_percent}%",
            dcc.Link(f"{readable(block.unallocated)} {block.currency} without an owner", href=trends_url(unallocated)),
        ),
    ]


def _explained(report: Overview, block: OverviewBlock, start: date, end: date) -> Component:
    return explain_link(explain_costs_url(View(CostQuery(start, end, report.metric)), block.currency))


def _daily(report: Overview, block: OverviewBlock) -> Component:
    days = [day for day, _ in block.daily]
    series = [Series(METRICS[report.metric], tuple(amount for _, amount in block.daily))]
    figure = over_time(series, days, granularity=Granularity.DAY, chart=Chart.BARS, currency=block.currency)
    end = report.as_of + timedelta(days=1)
    view = View(
        CostQuery(end - timedelta(days=DAYS), end, report.metric, granularity=Granularity.DAY, group_by=("team",))
    )
    label = f"Bars: {METRICS[report.metric].lower()} per day in {block.currency}"
    return chart_card(
        f"What does each day cost, in {block.currency}?",
        graph(figure, name=f"trueup-daily-{block.currency}", label=label, height=260),
        dcc.Link("By team", href=trends_url(view), className="action"),
        download("CSV", f"/api/v1/costs.csv?{view.ask(group_by=()).api_query}"),
    )
