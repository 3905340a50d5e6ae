"""What surrounds every page: header with navigation, the page itself, footer with the freshness of the data."""

import dash_mantine_components as dmc
from dash import Input, Output, dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.db.session import read_session
from app.reports.sources import sources
from frontend.callback import callback
from frontend.components.attributes import labelled
from frontend.routes import router
from frontend.theme import MANTINE
from frontend.viewer import viewer

NAVIGATION = (
    ("Overview", "/", "exact"),
    ("Trends", "/trends", "partial"),
    ("Chargeback", "/chargeback", "partial"),
    ("GPUs", "/gpu", "partial"),
    ("Policy", "/policy", "partial"),
    ("Data health", "/health", "partial"),
)


def shell() -> Component:
    """The frame around the pages."""
    frame: Component = dmc.MantineProvider(
        theme=MANTINE,
        defaultColorScheme="auto",
        children=dmc.AppShell(
            [
                router(),
                html.A("Skip to content", href="#content", className="skip-link"),
                dmc.AppShellHeader(_header()),
                dmc.AppShellMain(html.Div(id="page", className="page"), id="content", tabIndex=-1),
                html.Footer(html.Span(id="freshness"), className="foot"),
            ],
            header={"height": 52},
            padding=0,
        ),
    )
    return frame


def _header() -> Component:
    links = [
        dmc.NavLink(label=label, href=href, active=active, className="nav-link") for label, href, active in NAVIGATION
    ]
    toggle = dmc.ColorSchemeToggle(
        lightIcon=html.Span(className="scheme-icon sun"),
        darkIcon=html.Span(className="scheme-icon moon"),
        variant="subtle",
        color="gray",
        **labelled("Switch between light and dark"),
    )
    name = dcc.Link([html.Span(className="mark"), "Trueup"], href="/", className="product")
    return html.Div([name, html.Nav(links, className="nav", **labelled("Main")), toggle], className="head")


@callback(Output("freshness", "children"), Input("url", "pathname"))
def show_freshness(_pathname: str) -> str:
    """How recent the bills are, on every page."""
    with read_session() as session:
        return freshness(session)


def freshness(session: Session) -> str:
    """`Charges up to 2026-11-23 from 5 sources`."""
    statuses = sources(session, viewer())
    days = [status.newest_charge_day for status in statuses if status.newest_charge_day]
    if not days:
        return "No bills yet"
    return f"Charges up to {max(days)} · {len(statuses)} source{'s' * (len(statuses) != 1)} · days are UTC"
