"""Sources: where bills come from and how fresh they are."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import Answer, report_route, respond
from app.api.deps import SessionDep, ViewerDep
from app.exports.tables import sources_table
from app.reports.sources import sources

router = APIRouter(tags=["ingest"])


@report_route(router, "/sources", model=schemas.Sources)
def read_sources(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """Every source with its newest delivery and what its live loads hold."""
    found = sources(session, viewer)
    return respond(request, Answer(lambda: {"sources": found}, lambda: sources_table(found)))
