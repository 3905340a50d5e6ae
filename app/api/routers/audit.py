"""The audit log."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import rendered
from app.api.cursors import cursor_after, entry_before
from app.api.deps import SessionDep, ViewerDep
from app.reports.audit import audit

router = APIRouter(tags=["admin"])


@router.get("/audit", response_model=schemas.Audit)
def read_audit(
    session: SessionDep,
    viewer: ViewerDep,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Changes, newest first."""
    found = audit(session, viewer, before=entry_before(cursor), limit=limit)
    body = {"entries": found, "next": cursor_after([each.id for each in found], limit)}
    return Response(rendered(body), media_type="application/json")
