"""How recent what each source handed over is."""

from collections.abc import Sequence
from datetime import date

from dash import html
from dash.development.base_component import Component

from app.reports.sources import SourceStatus
from frontend.amounts import NONE

STALE_DAYS = 3  # AWS, GCP and Azure exports all refresh at least daily; three days allow for a weekend's delay


def freshness_card(sources: Sequence[SourceStatus], *links: Component, today: date) -> Component:
    """A line per source, the stale ones marked in words."""
    head = html.Tr([html.Th(text, scope="col") for text in ("Source", "Charges up to", "Last delivery", "State")])
    rows = [
        html.Tr(
            [
                html.Th(source.name, scope="row"),
                html.Td(str(source.newest_charge_day or NONE)),
                html.Td(f"{source.last_received_at:%Y-%m-%d %H:%M} UTC" if source.last_received_at else NONE),
                html.Td(_state(source, today)),
            ]
        )
        for source in sources
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain")
    title = html.Div(
        [html.H3("How fresh is each source?"), html.Div(list(links), className="links")], className="card-head"
    )
    return html.Section([title, html.Div(table, className="wide")], className="card")


def _state(source: SourceStatus, today: date) -> Component:
    if source.last_state == "refused":
        return html.Span("Last delivery refused", className="badge badge-bad", title=source.last_message)
    if source.newest_charge_day is None:
        return html.Span("Nothing yet", className="badge badge-warn")
    days = (today - source.newest_charge_day).days
    if days > STALE_DAYS:
        return html.Span(f"{days} days old", className="badge badge-warn")
    return html.Span("Up to date", className="badge badge-good")
