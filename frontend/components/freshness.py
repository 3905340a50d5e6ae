"""How recent what each source handed over is."""

from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from app.domain.source_status import SourceStatus
from frontend.amounts import NONE

STALE_DAYS = 3  # AWS, GCP and Azure exports all refresh at least daily; three days allow for a weekend's delay


def freshness_card(sources: Sequence[SourceStatus], *links: Component, now: datetime) -> Component:
    """A line per source, the stale ones marked in words."""
    head = html.Tr([html.Th(text, scope="col") for text in ("Source", "Charges up to", "Last delivery", "State")])
    rows = [
        html.Tr(
            [
                html.Th(source.name, scope="row"),
                html.Td(str(source.newest_charge_day or NONE)),
                html.Td(f"{source.last_received_at:%Y-%m-%d %H:%M} UTC" if source.last_received_at else NONE),
                html.Td(_state(source, now)),
            ]
        )
        for source in sources
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain")
    title = html.Div(
        [html.H3("How fresh is each source?"), html.Div(list(links), className="links")], className="card-head"
    )
    return html.Section([title, html.Div(table, className="wide")], className="card")


def _state(source: SourceStatus, now: datetime) -> Component:
    if source.last_state == "refused":
        return html.Span("Last delivery refused", className="badge badge-bad", title=source.last_message)
    if source.run_failed:
        return html.Span("Last run failed", className="badge badge-bad", title=source.last_run_message)
    if source.overdue(now):
        due = f"It was due at {source.next_run_at:%Y-%m-%d %H:%M} UTC. Is `trueup schedule` running?"
        return html.Span("Run overdue", className="badge badge-warn", title=due)
    if source.newest_charge_day is None:
        return html.Span("Nothing yet", className="badge badge-warn")
    days = (now.date() - source.newest_charge_day).days
    if days > STALE_DAYS:
        return html.Span(f"{days} days old", className="badge badge-warn")
    return html.Span("Up to date", className="badge badge-good")
