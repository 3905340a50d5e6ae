"""The dashboard, attached to the API's server: one process, one login, one port."""

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
    """Adds the dashboard's pages to `api`, for every path that no route of the API answers."""
    dash_app = Dash(
        __name__,
        server=api,
        compress=True,
        index_string=INDEX,
        title="Trueup",
        update_title="",
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    # No callback of ours streams; with this on, every browser would keep trying to open a websocket.
    dash_app.backend.websocket_capability = False
    dash_app.layout = shell.shell
    register_callbacks(dash_app)
    dash_app.clientside_callback(
        "title => { document.title = title; return ''; }", Output("titled", "children"), Input("title", "data")
    )
    # Dash on FastAPI does this at the first request for "/"; a deep link that came before it got a page without styles.
    dash_app._setup_server()  # noqa: SLF001
    return dash_app
