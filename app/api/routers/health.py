"""Health, for whatever restarts or routes around a process. Needs no key."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.exc import OperationalError

from app.api import schemas
from app.api.answers import rendered
from app.api.problems import problem
from app.db.migrate import is_current
from app.db.session import engine

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", response_model=schemas.Health)
def read_live() -> Response:
    """Whether the process answers at all."""
    return Response(rendered({"status": "live"}), media_type="application/json")


@router.get("/ready", response_model=schemas.Health)
def read_ready() -> Response:
    """Whether the database is there and has the schema of this version."""
    try:
        current = is_current(engine())
    except OperationalError:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer.")
    if not current:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database has another schema. Run `trueup db upgrade`.")
    return Response(rendered({"status": "ready"}), media_type="application/json")
