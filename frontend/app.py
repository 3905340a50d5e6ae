"""The dashboard, attached to the API's server: one process, one login, one port."""

import dash_mantine_components as dmc
from dash import Dash, register_page
from fastapi import FastAPI

from frontend import shell
from frontend.callback import register_callbacks
from frontend.pages import chargeback, health, line_items, load, not_found_404, overview, team, trends

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
<script src="/assets/scheme.js"></script>
</head>
<body>
{%app_entry%}
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>"""

PAGES = (overview, trends, line_items, chargeback, team, health, load)


def attach(api: FastAPI) -> Dash:
    """Adds the dashboard's pages to `api`, for every path that no route of the API answers."""
    dash_app = Dash(
        __name__,
        server=api,
        use_pages=True,
        pages_folder="",
        compress=True,
        index_string=INDEX,
        title="Trueup",
        update_title="",
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    register_page(not_found_404.__name__, title=f"{not_found_404.TITLE} · Trueup", layout=not_found_404.layout)
    for module in PAGES:
        register_page(module.__name__, path=module.PATH, title=f"{module.TITLE} · Trueup", layout=module.layout)
    dash_app.layout = shell.shell
    register_callbacks(dash_app)
    return dash_app
