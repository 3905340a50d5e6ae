"""What a figure is made of: charge keys, rules, shares, and for one charge key the rows of the bills."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.figure import figure_from
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.explain import LEAVES, Explanation, explain
from app.reports.explain_rows import source_rows
from app.reports.explain_words import sentence
from app.reports.figure_ground import Asked, CostFigure
from app.reports.teams import team_names
from frontend.answer import Question, answers, asking, page
from frontend.clock import today
from frontend.components.attributes import labelled
from frontend.components.explanation import leaves_card, pools_card, rules_card, workings_card
from frontend.components.figure import download
from frontend.components.kpi import total_line
from frontend.components.source_rows import rows_card
from frontend.state import Params, View, query_string
from frontend.words import METRICS, span_words

PATH = "/explain"
TITLE = "Explain"
_OURS = frozenset({"charge_key", "page", "chart"})  # what the page's URL has besides the figure


@page
def layout(**params: Any) -> Component:
    """The figure that the URL names; its explanation follows."""
    return html.Div([html.H1("Explain"), asking("explain", params=params)])


@answers("explain")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The figure in a sentence, and everything that it is made of."""
    params: Params = question["params"]
    asked, number = asked_figure(params), _number(params, "page", 1)
    found = explain(session, viewer, asked, limit=LEAVES, offset=(number - 1) * LEAVES)
    teams, query = team_names(session), figure_query(params)
    key = _number(params, "charge_key", 0)
    rows = [rows_card(source_rows(session, viewer, asked, key), query)] if key else []
    return html.Div(
        [
            html.P(sentence(found), className="sentence"),
            html.P(_rests_on(found), className="subtitle"),
            *_totals(found),
            *rows,
            leaves_card(found, query, teams, number),
            rules_card(found, teams),
            *workings_card(found, teams),
            *(pools_card(pool, teams) for pool in found.pools),
            html.Div(
                [download("CSV", f"/api/v1/explain.csv?{query}"), download("XLSX", f"/api/v1/explain.xlsx?{query}")],
                className="links",
            ),
        ],
        **labelled("Explanation"),
    )


def asked_figure(params: Params) -> Asked:
    """The figure that the page's URL names: of a billing period, or of a question about costs."""
    if "period" in params:
        return figure_from(_single(params))
    if not params.get("start"):
        raise BadInput("The link names no figure. Figures on other pages have a link Explain beside them.")
    return CostFigure(View.parse(params, today=today()).query, _single(params).get("currency") or None)


def figure_query(params: Params) -> str:
    """The query string that asks the API for the same figure."""
    pairs = [
        (name, value)
        for name, values in params.items()
        if name not in _OURS
        for value in (values if isinstance(values, list) else [values])
    ]
    return query_string(pairs)


def _single(params: Params) -> Mapping[str, str]:
    return {name: values[-1] if isinstance(values, list) else values for name, values in params.items()}


def _number(params: Params, name: str, default: int) -> int:
    text = _single(params).get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadInput(f"{name}={text} is not a number.")
    return max(int(text), default)


def _totals(found: Explanation) -> list[Component]:
    exactly = "Exactly" if found.charged is not None else METRICS[found.metric]
    lines = [total_line(exactly, found.exact, found.currency)]
    if found.charged is not None:
        lines.append(html.P(f"Charged {found.charged:,f}, of which {found.rounding:,f} by rounding", className="quiet"))
    return lines


def _rests_on(found: Explanation) -> list[str | Component]:
    """What the figure was taken from: `Effective cost of 2026-03, from the closed statement; policy x, …`."""
    on = f"the {found.state.value} statement" if found.state else "live charges"
    policy = f"policy {found.policy}, version {found.policy_version}" if found.policy else "no policy"
    told: list[str | Component] = [f"{METRICS[found.metric]} of {span_words(found.span)}, from {on}; {policy}; loads"]
    named = dict.fromkeys((each.load_id, each.source) for each in found.loads)
    for load_id, source in named:
        told += [" ", dcc.Link(f"{load_id} ({source})", href=f"/health/loads/{load_id}")]
    return told
