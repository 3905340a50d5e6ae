"""What a page shows when it has nothing to show: no bills yet, no rows, an error, or not yet."""

import logging

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.errors import TrueupError
from frontend.components.attributes import labelled

log = logging.getLogger(__name__)


def no_bills() -> Component:
    """The state of an empty database."""
    return _panel(
        "No bills yet",
        "Trueup shows what is on your bills once the first one is in. From the command line:",
        html.Pre(
            html.Code("trueup sources add NAME --kind focus\ntrueup ingest file PATH --format focus --source NAME")
        ),
        html.P(["To look around with a made-up company first, run ", html.Code("trueup demo"), "."]),
    )


def no_telemetry() -> Component:
    """The state without anything that GPUs reported, and the three commands that change it."""
    return _panel(
        "No GPU telemetry yet",
        "Trueup shows where paid GPU time went once it has seen what the GPUs did. Take in what your exporter or"
        " scheduler wrote, say which node is which resource of the bill, and look:",
        html.Pre(
            html.Code(
                "trueup ingest telemetry PATH --format dcgm --source cluster\n"
                "trueup gpu nodes import nodes.csv\n"
                "trueup gpu waste --period 2026-10"
            )
        ),
        html.P(["To look around with a made-up company first, run ", html.Code("trueup demo"), "."]),
    )


def no_rows(message: str, href: str, link: str) -> Component:
    """The state of a question that no charge answers, with a way out."""
    return _panel("No charges match", message, dcc.Link(link, href=href, className="action"))


def problem(error: Exception) -> Component:
    """What went wrong, in the error's own words where they were written to be read."""
    if isinstance(error, TrueupError):
        back = dcc.Link("Go to the overview", href="/", className="action")
        return _panel("This cannot be shown", str(error), back, role="alert")
    log.error("a page failed", exc_info=error)
    return _panel(
        "Something broke on our side",
        "The figures are untouched. Reload the page; if it stays, `trueup doctor` and the server's log say more.",
        role="alert",
    )


def loading(*, rows: int = 3) -> Component:
    """Grey shapes where the answer will be."""
    shapes = [dmc.Skeleton(height=96), dmc.Skeleton(height=320), *(dmc.Skeleton(height=34) for _ in range(rows))]
    return html.Div(shapes, className="loading", role="status", **labelled("Loading"))


def _panel(title: str, message: str, *more: Component, role: str = "status") -> Component:
    return html.Section([html.H2(title), html.P(message), *more], className="card panel", role=role)
