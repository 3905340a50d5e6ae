"""Loads: what became of each delivery."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.cursors import cursor_after, entry_before
from app.api.deps import SessionDep, ViewerDep
from app.exports.tables import loads_table, restatements_table
from app.reports.deliveries import deliveries
from app.reports.loads import LoadReport, load_report, loads
from app.reports.restatements import restatements

router = APIRouter(tags=["ingest"])


@report_route(router, "/loads", model=schemas.Loads)
def read_loads(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    source: Annotated[str | None, Query(description="Only loads of this source")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Loads, newest first. A file holds one page, as JSON does."""
    found = loads(session, viewer, source, before=entry_before(cursor), limit=limit)
    page = {"loads": found, "next": cursor_after([each.id for each in found], limit)}
    return respond(request, Answer(lambda: page, lambda: loads_table(found)))


@router.get("/loads/{load_id}", response_model=LoadReport)
def read_load(session: SessionDep, viewer: ViewerDep, load_id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> Response:
    """One load, what it changed against the one it replaced, and what was wrong with its delivery."""
    return Response(rendered(load_report(session, viewer, load_id)), media_type="application/json")


@report_route(router, "/restatements", model=schemas.Restatements)
def read_restatements(
    request: Request, session: SessionDep, viewer: ViewerDep, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> Response:
    """What the newest loads that replaced others changed, by billing period, newest first."""
    found = restatements(session, viewer, limit=limit)
    return respond(request, Answer(lambda: {"restatements": found}, lambda: restatements_table(found)))


@router.get("/deliveries", response_model=schemas.Deliveries)
def read_deliveries(
    session: SessionDep,
    viewer: ViewerDep,
    source: Annotated[str | None, Query(description="Only deliveries of this source")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Deliveries, newest first, those that were refused among them with the reason."""
    found = deliveries(session, viewer, source, before=entry_before(cursor), limit=limit)
    page = {"deliveries": found, "next": cursor_after([each.id for each in found], limit)}
    return Response(rendered(page), media_type="application/json")
