"""The inputs of a question about costs: when, which cost, in what buckets, grouped and filtered how."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.domain.charge import Axis
from app.domain.period import months_back, next_month
from app.reports.cost_query import TAG, CostQuery, Filter, Granularity
from frontend.components.attributes import labelled, unspoken
from frontend.state import Chart, View, trends_url
from frontend.words import AXES, GRANULARITIES, GROUPABLE, METRICS, dimension_word, key_word

ONE_DAY = timedelta(days=1)
CHARTS = {Chart.BARS: "Bars", Chart.LINES: "Lines"}


def presets(today: date) -> list[dict[str, str | list[str]]]:
    """Spans that people ask for, as the picker wants them: both ends included."""
    this, end = today.replace(day=1), next_month(today)
    spans = [
        ("This month", this, end),
        ("Last month", months_back(today, 1), this),
        ("Last 30 days", today - 29 * ONE_DAY, today + ONE_DAY),
        ("Last 90 days", today - 89 * ONE_DAY, today + ONE_DAY),
        ("Last 6 months", months_back(today, 5), end),
        ("Last 13 months", months_back(today, 12), end),
    ]
    return [{"label": label, "value": [str(start), str(until - ONE_DAY)]} for label, start, until in spans]


def period_picker(query: CostQuery, today: date) -> Component:
    """From which day to which; people read the last day as included, so it is shown that way."""
    control: Component = dmc.DatePickerInput(
        id="trends-span",
        type="range",
        label="Period",
        value=[str(query.start), str(query.end - ONE_DAY)],
        valueFormat="YYYY-MM-DD",
        presets=presets(today),
        allowSingleDateInRange=True,
        size="xs",
        w=220,
        **labelled("Period"),
    )
    return control


def choice(name: str, label: str, options: Mapping[Any, str], value: str, *, width: int) -> Component:
    """One of a few options, in a list."""
    data = [{"value": str(option), "label": words} for option, words in options.items()]
    control: Component = dmc.Select(
        id=name, label=label, data=data, value=str(value), allowDeselect=False, openOnFocus=False, size="xs", w=width
    )
    return control


def switch(name: str, label: str, options: Mapping[Any, str], value: str) -> Component:
    """One of a few options, all in sight."""
    data = [{"value": str(option), "label": words} for option, words in options.items()]
    control = dmc.SegmentedControl(id=name, data=data, value=str(value), size="xs", **labelled(label))
    return html.Div([html.Span(label, className="control-label"), control], className="control")


def group_picker(query: CostQuery) -> Component:
    """Any dimensions at once; tags in use come along, a new one is typed beside."""
    known = [*GROUPABLE, *(name for name in query.group_by if name.startswith(TAG))]
    control: Component = dmc.MultiSelect(
        id="trends-group",
        label="Group by",
        data=[{"value": name, "label": dimension_word(name)} for name in known],
        value=list(query.group_by),
        searchable=True,
        openOnFocus=False,
        size="xs",
        miw=220,
    )
    return control


def tag_input() -> Component:
    """Groups by a tag key that is typed and confirmed with Enter."""
    control: Component = dmc.TextInput(
        id="trends-tag", label="Tag key", placeholder="e.g. env, then Enter", debounce=True, size="xs", w=150
    )
    return control


def cost_controls(view: View, today: date) -> Component:
    """The whole question, ready to be changed."""
    query = view.query
    buckets = {
        each: words
        for each, words in GRANULARITIES.items()
        if query.axis is Axis.CHARGE or each in {Granularity.MONTH, Granularity.TOTAL}
    }
    return html.Div(
        [
            period_picker(query, today),
            choice("trends-metric", "Metric", METRICS, query.metric, width=150),
            choice("trends-axis", "By", AXES, query.axis, width=130),
            switch("trends-granularity", "Buckets", buckets, query.granularity),
            switch("trends-chart", "Chart", CHARTS, view.chart),
            group_picker(query),
            tag_input(),
        ],
        className="controls",
    )


def filter_chips(view: View, teams: dict[str, str], *, url: Callable[[View], str] = trends_url) -> Component:
    """What the question is narrowed down to; each chip is a link to the question without it."""
    chips = [
        html.Li(
            dcc.Link(
                [_words(kept, teams), html.Span("×", className="chip-x", **unspoken())],
                href=url(view.without(kept)),
                className="chip",
                title="Remove this filter",
            )
        )
        for kept in view.query.filters
    ]
    return html.Ul(chips, className="chips", **labelled("Filters; follow one to remove it")) if chips else html.Div()


def filter_adder(names: Sequence[str]) -> Component:
    """Picks a dimension, then one of the values it has in the period."""
    data = [{"value": name, "label": dimension_word(name)} for name in names]
    return html.Div(
        [
            dmc.Select(
                id="filter-dimension",
                label="Filter by",
                placeholder="Dimension",
                data=data,
                size="xs",
                w=150,
                searchable=True,
            ),
            dmc.Select(
                id="filter-value",
                label="Value",
                placeholder="Pick a dimension first",
                data=[],
                size="xs",
                w=260,
                searchable=True,
                limit=200,
                disabled=True,
            ),
        ],
        className="controls",
    )


def _words(kept: Filter, teams: dict[str, str]) -> str:
    values = " or ".join(key_word(kept.dimension, value, teams) for value in kept.values)
    return f"{dimension_word(kept.dimension)} {'is not' if kept.exclude else 'is'} {values}"
