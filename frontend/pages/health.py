"""Whether the figures can be trusted: sources, and what became of each delivery."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.source_status import SourceStatus
from app.domain.viewer import Viewer
from app.reports.loads import LoadRow, loads
from app.reports.sources import sources
from frontend.answer import Question, answers, asking, page
from frontend.clock import now, today
from frontend.components.cross_check_card import cross_check_card
from frontend.components.double_counting_card import double_counting_card
from frontend.components.freshness import freshness_card
from frontend.components.gateway_card import gateway_card
from frontend.components.invoices_card import invoices_card
from frontend.components.restatements_card import restatements_card
from frontend.components.states import no_bills
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import query_string

PATH = "/health"
TITLE = "Data health"
LOADS = 100


@page
def layout(source: str | None = None, before: str | None = None, **_params: Any) -> Component:
    """The question: which source's loads, older than which."""
    older = int(before) if before and before.isdecimal() else None
    return html.Div([html.H1("Data health"), asking("health", source=source, before=older)])


@answers("health")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The sources and their loads."""
    statuses = sources(session, viewer)
    if not statuses:
        return no_bills()
    shown = loads(session, viewer, question["source"], before=question["before"], limit=LOADS)
    return html.Div(
        [
            freshness_card(statuses, now=now()),
            _rows(statuses),
            double_counting_card(session, viewer),
            invoices_card(session, viewer, today=today()),
            cross_check_card(session, viewer),
            gateway_card(session, viewer),
            restatements_card(session, viewer),
            _loads(question["source"], shown),
        ],
    )


def _rows(statuses: tuple[SourceStatus, ...]) -> Component:
    columns = [
        Column("source", "Source", link="href", pinned=True, width=200),
        Column("kind", "Kind"),
        Column("live", "Live loads", Kind.COUNT),
        Column("loaded", "Rows loaded", Kind.COUNT),
        Column("quarantined", "Rows quarantined", Kind.COUNT, hint="Rows that could not be booked"),
        Column("message", "Last message"),
        Column("run", "Last run", hint="Of the scheduler"),
        Column("next_run", "Next run (UTC)", width=150),
        Column("cadence", "Runs every"),
    ]
    rows: list[Row] = [
        {
            "source": status.name,
            "href": "/health?" + query_string([("source", status.name)]),
            "kind": status.kind,
            "live": status.live_loads,
            "loaded": status.rows_loaded,
            "quarantined": status.rows_quarantined,
            "message": status.last_message,
            "run": _run(status),
            "next_run": f"{status.next_run_at:%Y-%m-%d %H:%M}" if status.next_run_at else None,
            "cadence": _cadence(status.cadence_minutes),
        }
        for status in statuses
    ]
    return _card("Is every row of every bill accounted for?", money_table("sources", "Sources", columns, rows))


def _run(status: SourceStatus) -> str | None:
    """How the scheduler's last run went, such as `✗ failed: the key has expired`."""
    if status.last_run_state is None:
        return None
    sign = {"done": "✓", "failed": "✗"}.get(status.last_run_state, "…")
    told = f": {status.last_run_message}" if status.last_run_message else ""
    return f"{sign} {status.last_run_state}{told}"


def _cadence(minutes: int | None) -> str | None:
    if minutes is None:
        return None
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _loads(source: str | None, shown: tuple[LoadRow, ...]) -> Component:
    columns = [
        Column("load", "Load", link="href", pinned=True, width=110),
        Column("source", "Source"),
        Column("period", "Billing period"),
        Column("state", "State"),
        Column("rows", "Rows", Kind.COUNT),
        Column("currency", "Currency"),
        Column("billed", "Billed cost", Kind.MONEY),
        Column("effective", "Effective cost", Kind.MONEY),
        Column("created", "Loaded at (UTC)", width=150),
    ]
    rows = [row for load in shown for row in _load_rows(load)]
    older = [("before", str(shown[-1].id))] if len(shown) == LOADS else []
    kept = [("source", source)] if source else []
    links = [
        *([dcc.Link("All sources", href="/health", className="action")] if source else []),
        *([dcc.Link("Older", href=f"/health?{query_string([*kept, *older])}", className="action")] if older else []),
    ]
    title = f"What did {source} deliver?" if source else "What was delivered?"
    return _card(title, money_table("loads", "Loads", columns, rows), *links)


def _load_rows(load: LoadRow) -> list[Row]:
    """A line per currency of the load, or one without money where the viewer may not see it."""
    common: dict[str, str | int | None] = {
        "load": f"#{load.id}",
        "href": f"/health/loads/{load.id}",
        "source": load.source,
        "period": f"{load.billing_period_start:%Y-%m}",
        "state": load.state if load.superseded_by is None else f"superseded by #{load.superseded_by}",
        "rows": load.rows_loaded,
        "created": f"{load.created_at:%Y-%m-%d %H:%M}",
    }
    lines: list[Row] = [
        {
            **common,
            "currency": each.currency,
            "billed": money(each.billed_cost),
            "effective": money(each.effective_cost),
        }
        for each in load.totals
    ]
    return lines or [common]


def _card(title: str, table: Component, *links: Component) -> Component:
    head = html.Div([html.H3(title), html.Div(list(links), className="links")], className="card-head")
    return html.Section([head, table], className="card flush")
