"""API keys, for admins."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from app.actions.keys import create_key, revoke_key, rotate_key
from app.api import schemas
from app.api.answers import rendered
from app.api.deps import NowDep, SessionDep, ViewerDep, WriteSessionDep
from app.reports.keys import keys

router = APIRouter(prefix="/keys", tags=["admin"])

Prefix = Annotated[str, Path(description="The eight characters after `tu_` that name the key")]


@router.get("", response_model=schemas.Keys)
def read_keys(session: SessionDep, viewer: ViewerDep) -> Response:
    """Every key, revoked and expired ones too."""
    return _json({"keys": keys(session, viewer)})


@router.post("", response_model=schemas.KeyMade, status_code=HTTPStatus.CREATED)
def make_key(session: WriteSessionDep, viewer: ViewerDep, now: NowDep, wanted: schemas.KeyWanted) -> Response:
    """Makes a key. Its text is in the answer and nowhere else."""
    made = create_key(
        session,
        viewer,
        name=wanted.name,
        scopes=wanted.scopes,
        teams=wanted.teams,
        now=now,
        days=wanted.days,
    )
    return _json(made, HTTPStatus.CREATED)


@router.post("/{prefix}/rotate", response_model=schemas.KeyMade, status_code=HTTPStatus.CREATED)
def replace_key(session: WriteSessionDep, viewer: ViewerDep, now: NowDep, prefix: Prefix) -> Response:
    """Makes a key like the one named, which stops working now."""
    return _json(rotate_key(session, viewer, prefix, now=now), HTTPStatus.CREATED)


@router.delete("/{prefix}", response_model=schemas.KeyShown)
def end_key(session: WriteSessionDep, viewer: ViewerDep, now: NowDep, prefix: Prefix) -> Response:
    """Revokes a key, for good."""
    return _json(revoke_key(session, viewer, prefix, now=now))


def _json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    # A new key must not stay in any cache.
    return Response(rendered(value), status, {"Cache-Control": "no-store"}, "application/json")
