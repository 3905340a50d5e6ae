"""What a URL without a page shows."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

TITLE = "Not found"


def layout(**_params: Any) -> Component:
    """The way back."""
    return html.Section(
        [
            html.H1("There is no page here"),
            html.P("The link may be old, or a letter went missing."),
            dcc.Link("Go to the overview", href="/", className="action"),
        ],
        className="card panel",
    )
