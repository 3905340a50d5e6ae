"""Which page a URL shows.

Dash's own pages set themselves up at the first request for "/"; behind FastAPI a deep link that comes first finds them
half made (no title script, no styles). This is all of them that we need.
"""

import re
from types import ModuleType
from typing import Any
from urllib.parse import unquote

from dash import Input, Output, dcc, html
from dash.development.base_component import Component

from frontend.callback import callback
from frontend.components.states import problem
from frontend.pages import (
    chargeback,
    explain,
    gpu,
    gpu_node,
    health,
    line_items,
    load,
    not_found,
    overview,
    policy,
    reconciliation,
    team,
    trends,
)
from frontend.state import parameters

PAGES: tuple[ModuleType, ...] = (
    overview,
    trends,
    line_items,
    chargeback,
    reconciliation,
    team,
    gpu,
    gpu_node,
    policy,
    health,
    load,
    explain,
)
DRAWN = "data-drawn"  # which URL's page is on the screen; the address bar runs ahead of it


def router() -> Component:
    """The URL, and the title of its page."""
    return html.Div(
        [dcc.Location(id="url", refresh="callback-nav"), dcc.Store(id="title"), html.Div(id="titled", hidden=True)]
    )


def page_at(pathname: str) -> tuple[ModuleType, dict[str, str]]:
    """The page at a path, and the values of the path's variables."""
    path = pathname.rstrip("/") or "/"
    for page in PAGES:
        pattern = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", page.PATH)
        if found := re.fullmatch(pattern, path):
            return page, {name: unquote(text) for name, text in found.groupdict().items()}
    return not_found, {}


@callback(
    Output("page", "children"),
    Output("page", DRAWN),
    Output("title", "data"),
    Input("url", "pathname"),
    Input("url", "search"),
    on_error=lambda error: (problem(error), "", "Trueup"),
)
def show_page(pathname: str | None, search: str | None) -> tuple[Component, str, str]:
    """The page, with its question but without its answer yet; and the URL that it is drawn for."""
    page, variables = page_at(pathname or "/")
    asked: dict[str, Any] = {**parameters(search or ""), **variables}
    return page.layout(**asked), f"{pathname or '/'}{search or ''}", f"{page.TITLE} · Trueup"
