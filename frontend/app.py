"""The dashboard, attached to the API's server: one process, one login, one port."""

from typing import Any

from dash import Dash, Input, Output
from fastapi import FastAPI

from frontend import shell
from frontend.callback import register_callbacks

# Styles and scripts of our own come first, so that the right colour scheme is there before anything is painted.
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<script src="/assets/scheme.js"></script>
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>"""


def attach(api: FastAPI) -> Dash:
    """Adds the dashboard's pages to `api`, for every path that no route added before answers."""
    dash_app = Dash(
        __name__,
        server=api,  # type: ignore[arg-type]  # Dash types Flask servers only
        compress=True,
        index_string=INDEX,
        title="Trueup",
        update_title="",
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    backend: Any = dash_app.backend
    # No callback of ours streams; with this on, every browser would keep trying to open a websocket.
    backend.websocket_capability = False
    dash_app.layout = shell.shell
    register_callbacks(dash_app)
    dash_app.clientside_callback(  # type: ignore[no-untyped-call]
        "title => { document.title = title; return ''; }", Output("titled", "children"), Input("title", "data")
    )
    # Dash on FastAPI does this at the first request for "/"; a deep link that came before it got a page without styles.
    dash_app._setup_server()  # type: ignore[no-untyped-call]  # noqa: SLF001
    # And this when a server starts, for whichever Dash app was made last in the process.
    backend._setup_catchall()  # noqa: SLF001
    return dash_app
