"""A chart on a page: a question as its heading, the figure, and the way to its data."""

from typing import Any
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from frontend.components.attributes import labelled
from frontend.figures import Figure


def graph(figure: Figure, *, name: str, label: str, height: int = 340, **more: Any) -> Component:
    """A figure that nobody can upload and everybody can save as a picture; `more` is for `dcc.Graph`.

    Plotly 7 offers to send every figure to cloud.plotly.com unless told not to; a bill stays at home.
    """
    config: Any = {
        "showSendToCloud": False,
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"filename": name, "format": "png", "scale": 2},
        "responsive": True,
    }
    drawn = dcc.Graph(figure=figure, config=config, style={"height": height}, **more)
    return html.Figure(drawn, className="graph", **labelled(label))


def chart_card(question: str, drawn: Component, *links: Component) -> Component:
    """A chart under the question it answers."""
    head = html.Div([html.H3(question), html.Div(list(links), className="links")], className="card-head")
    return html.Section([head, drawn], className="card")


def saved(label: str, name: str, content: str, media_type: str) -> Component:
    """A link that saves text which the page has already, as a file called `name`."""
    href = f"data:{media_type};charset=utf-8,{quote(content)}"
    return html.A(label, href=href, className="action", download=name)


def download(label: str, href: str) -> Component:
    """A link to the API that saves what is on show."""
    return html.A(label, href=href, className="action", download="")
