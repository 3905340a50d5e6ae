"""The inputs of the GPU pages: which days, which measure; and what the pages are narrowed down to."""

from collections.abc import Callable
from datetime import date, timedelta

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.reports.cost_query import Filter
from frontend.components.attributes import labelled, unspoken
from frontend.components.controls import choice, presets
from frontend.gpu_figures import MEASURE_WORDS
from frontend.gpu_view import GpuView
from frontend.gpu_words import STATE_WORDS
from frontend.words import UNALLOCATED

DIMENSION_WORDS = {
    "state": "State",
    "team": "Team",
    "node": "Node",
    "model": "Model",
    "purchase_option": "Purchase option",
    "owner": "Workload",
    "namespace": "Namespace",
    "board": "Board",
    "pool": "Pool",
}


def gpu_controls(view: GpuView, span: tuple[date, date], today: date) -> Component:
    """Days and measure, ready to be changed."""
    picker = dmc.DatePickerInput(
        id="gpu-span",
        type="range",
        label="Days",
        value=[str(span[0]), str(span[1] - timedelta(days=1))],
        valueFormat="YYYY-MM-DD",
        presets=presets(today),
        allowSingleDateInRange=True,
        size="xs",
        w=220,
        **labelled("Days"),
    )
    measure = choice("gpu-measure", "Heat map of", MEASURE_WORDS, view.measure.value, width=160)
    shown = dcc.Store(id="gpu-shown", data={"search": view.search, "span": [str(day) for day in span]})
    return html.Div([html.Div([picker, measure], className="controls"), shown], className="card question")


def gpu_chips(view: GpuView, teams: dict[str, str], *, url: Callable[[GpuView], str]) -> Component:
    """What the page is narrowed down to; each chip is a link to the page without it."""
    chips = [
        html.Li(
            dcc.Link(
                [_words(kept, teams), html.Span("×", className="chip-x", **unspoken())],
                href=url(view.without(kept)),
                className="chip",
                title="Remove this filter",
            )
        )
        for kept in view.filters
    ]
    return html.Ul(chips, className="chips", **labelled("Filters; follow one to remove it")) if chips else html.Div()


def team_word(team: str | None, teams: dict[str, str]) -> str:
    """A team by its name; no team as what it is."""
    return UNALLOCATED if team is None else teams.get(team, team)


def _words(kept: Filter, teams: dict[str, str]) -> str:
    name = DIMENSION_WORDS.get(kept.dimension, kept.dimension.replace("_", " ").capitalize())
    values = " or ".join(_value(kept.dimension, value, teams) for value in kept.values)
    return f"{name} {'is not' if kept.exclude else 'is'} {values}"


def _value(dimension: str, value: str | None, teams: dict[str, str]) -> str:
    if dimension == "team":
        return team_word(value, teams)
    if dimension == "state" and value in set(STATE_WORDS):
        return STATE_WORDS[next(state for state in STATE_WORDS if state == value)].name
    return "none" if value is None else value
