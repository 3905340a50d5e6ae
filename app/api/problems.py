"""Errors as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from app.domain.closing import CannotClose, HasMoved
from app.domain.money import plain
from app.errors import BadInput, Conflict, NotAllowed, NotFound, NotPermitted, Refused, TrueupError, Unavailable

# The first class that an error is an instance of gives its status.
_STATUSES: tuple[tuple[type[TrueupError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (Refused, HTTPStatus.CONFLICT),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotPermitted, HTTPStatus.BAD_GATEWAY),  # it is our credentials that were turned away, not the caller's
    (TrueupError, HTTPStatus.BAD_REQUEST),
)
_MEMBERS = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
_SCHEMA = {
    "type": "object",
    "required": list(_MEMBERS),
    "properties": {name: {"type": kind} for name, kind in _MEMBERS.items()},
}
# How OpenAPI shows what any route may answer instead of what it was asked for.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong, and what to do about it",
        "content": {"application/problem+json": {"schema": _SCHEMA}},
    }
}


def problem(
    status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
) -> Response:
    """A problem as a response, with `members` of its own after the standard ones."""
    body = {
        "type": f"urn:trueup:problem:{status.name.lower().replace('_', '-')}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        **members,
    }
    return Response(orjson.dumps(body), status.value, dict(headers or {}), "application/problem+json")


def of_error(error: TrueupError) -> Response:
    """The problem that an error of ours is."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    return problem(status, str(error), headers=None, **_facts(error))


def _facts(error: TrueupError) -> dict[str, object]:
    """What an error carries that a program can act on."""
    match error:
        case CannotClose():
            return {"blockers": [asdict(each) for each in error.blockers]}
        case HasMoved():
            return {
                "moves": [
                    {**asdict(each), "issued": plain(each.issued), "draft": plain(each.draft)} for each in error.moves
                ]
            }
        case _:
            return {}


def install(api: FastAPI) -> None:
    """Makes every error of `api` a problem."""
    api.add_exception_handler(TrueupError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unforeseen)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, TrueupError)
    return of_error(error)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"where": ".".join(str(part) for part in each["loc"]), "message": str(each["msg"])} for each in error.errors()
    ]
    detail = "; ".join(f"{each['where']}: {each['message']}" for each in wrong)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=wrong)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(HTTPStatus(error.status_code), str(error.detail), headers=error.headers)


async def _unforeseen(_: Request, __: Exception) -> Response:
    # What happened is for the log, which the server writes; it may hold what a caller must not see.
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Trueup failed at this. The server's log says how.")
