"""The cost explorer: any cost, over any time, by any dimension, down to the lines of the bill."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dash import Input, Output, State, html, no_update
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.db.session import read_session
from app.domain.charge import Axis, Metric
from app.domain.money import ZERO
from app.domain.viewer import Viewer
from app.reports.chargeback import billing_periods
from app.reports.cost_query import TAG, CostQuery, Granularity
from app.reports.costs import costs
from app.reports.teams import team_names
from frontend.answer import Question, answers, asking, leading_to, page
from frontend.callback import callback
from frontend.clock import today
from frontend.components.controls import cost_controls, filter_adder
from frontend.components.cost_answer import cost_answer
from frontend.components.states import no_bills
from frontend.state import Chart, View
from frontend.viewer import viewer
from frontend.words import GROUPABLE, key_word

PATH = "/trends"
TITLE = "Trends"
MOST_VALUES = 1000  # a list that a person types into, not one to scroll
NONE_VALUE = "\x00none"  # what stands for "has none" where a list wants text


@page
def layout(**params: Any) -> Component:
    """The question as the URL has it; its answer follows."""
    view = View.parse(params, today=today())
    tags = [name for name in view.query.group_by if name.startswith(TAG)]
    return html.Div(
        [
            html.H1("Trends"),
            html.Div([cost_controls(view, today()), filter_adder([*GROUPABLE, *tags])], className="card question"),
            leading_to("trends-url"),
            leading_to("filter-url"),
            asking("trends", search=view.search),
        ]
    )


@answers("trends")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The costs of the question, drawn and listed."""
    view = View.from_search(question["search"], today=today())
    report = costs(session, viewer, view.query)
    if not report.blocks and not billing_periods(session, viewer):
        return no_bills()
    return cost_answer(view, report, team_names(session))


@callback(
    Output("trends-url", "search"),
    Input("trends-span", "value"),
    Input("trends-metric", "value"),
    Input("trends-axis", "value"),
    Input("trends-granularity", "value"),
    Input("trends-chart", "value"),
    Input("trends-group", "value"),
    Input("trends-tag", "value"),
    State("url", "search"),
    prevent_initial_call=True,
)
def change_question(  # noqa: PLR0917  (Dash passes one argument for each control)
    span: Sequence[str | None],
    metric: str,
    axis: str,
    granularity: str,
    chart: str,
    groups: list[str],
    tag: str | None,
    search: str,
) -> Any:
    """The URL of the question as the controls now have it."""
    shown = View.from_search(search or "", today=today())
    if not all(span):  # half a range: the second day is still being picked
        return no_update
    asked = controlled(
        shown,
        span=[date.fromisoformat(day) for day in span if day],
        metric=Metric(metric),
        axis=Axis(axis),
        granularity=Granularity(granularity),
        groups=[*groups, *([TAG + tag.strip()] if tag and tag.strip() else [])],
    )
    changed = replace(asked, chart=Chart(chart))
    return no_update if replace(changed, page=shown.page) == shown else changed.search


def controlled(
    shown: View, *, span: Sequence[date], metric: Metric, axis: Axis, granularity: Granularity, groups: Sequence[str]
) -> View:
    """`shown` with what the controls say. The billing axis has no days, so they become months."""
    months_only = axis is Axis.BILLING and granularity in {Granularity.DAY, Granularity.WEEK}
    return shown.ask(
        start=span[0],
        end=span[1] + timedelta(days=1),
        metric=metric,
        axis=axis,
        granularity=Granularity.MONTH if months_only else granularity,
        group_by=tuple(dict.fromkeys(groups)),
    )


@callback(
    Output("filter-value", "data"),
    Output("filter-value", "disabled"),
    Output("filter-value", "placeholder"),
    Input("filter-dimension", "value"),
    State("url", "search"),
    prevent_initial_call=True,
)
def list_values(name: str | None, search: str) -> tuple[list[dict[str, str]], bool, str]:
    """The values that the chosen dimension has in the period, largest cost first."""
    if not name:
        return [], True, "Pick a dimension first"
    view = View.from_search(search or "", today=today())
    with read_session() as session:
        values = dimension_values(session, viewer(), view.query, name)
        teams = team_names(session)
    options = [
        {"value": NONE_VALUE if value is None else value, "label": key_word(name, value, teams)} for value in values
    ]
    return options, not options, f"{len(options)} to choose from" if options else "No values in this period"


def dimension_values(session: Session, viewer: Viewer, query: CostQuery, name: str) -> list[str | None]:
    """What `name` can be in the charges of `query`."""
    report = costs(session, viewer, replace(query, granularity=Granularity.TOTAL, group_by=(name,)))
    rows = sorted((row for block in report.blocks for row in block.rows), key=lambda row: -abs(row.amount or ZERO))
    return list(dict.fromkeys(row.keys[0] for row in rows))[:MOST_VALUES]


@callback(
    Output("filter-url", "search"),
    Input("filter-value", "value"),
    State("filter-dimension", "value"),
    State("url", "search"),
    prevent_initial_call=True,
)
def add_filter(value: str | None, name: str | None, search: str) -> Any:
    """The URL of the question with one more filter."""
    if not value or not name:
        return no_update
    view = View.from_search(search or "", today=today())
    return view.only(name, None if value == NONE_VALUE else value).search
