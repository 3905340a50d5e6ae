"""An answer in the format that was asked for, with a tag that tells whether it has changed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from app.api.cursors import digest
from app.domain.money import plain
from app.exports.csv import csv_chunks
from app.exports.files import file_bytes
from app.exports.table import Table

Endpoint = TypeVar("Endpoint", bound=Callable[..., Response])


class FileKind(StrEnum):
    """The formats a report comes in as a file."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


_JSON = "application/json"
_MEDIA_TYPES = {
    FileKind.CSV: "text/csv",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.PARQUET: "application/vnd.apache.parquet",
}
_ENDINGS = frozenset(FileKind)
_KINDS: dict[str, FileKind | None] = {media: kind for kind, media in _MEDIA_TYPES.items()} | {_JSON: None, "*/*": None}
# Kept by the caller alone, and asked about again each time: figures may change at any moment.
_CACHING = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie, X-API-Key"}


@dataclass(frozen=True)
class Answer:
    """A report behind a route: how it reads as JSON and as a table, each made only if asked for.

    `version` names everything the answer depends on, so that an unchanged one is recognised without making it.
    Without one, the answer is made first and compared by its content.
    """

    json: Callable[[], object]
    table: Callable[[], Table]
    version: tuple[object, ...] | None = None


def report_route(router: APIRouter, path: str, *, model: object) -> Callable[[Endpoint], Endpoint]:
    """Registers a route for JSON of `model` at `path`, and for files at `path` with `.csv`, `.xlsx` or `.parquet`."""

    def register(endpoint: Endpoint) -> Endpoint:
        # The files first: `/teams/{team}` would take `search.csv` for the name of a team.
        for kind, media in _MEDIA_TYPES.items():
            router.add_api_route(f"{path}.{kind}", endpoint, response_class=Response, responses=_offered(media))
        router.add_api_route(path, endpoint, response_model=model, responses=_offered(*_MEDIA_TYPES.values()))
        return endpoint

    return register


def _offered(*media_types: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The report", "content": {media: {} for media in media_types}}}


def respond(request: Request, answer: Answer) -> Response:
    """The answer in the format that the path's ending or the Accept header asks for."""
    kind = _asked_kind(request)
    headers = dict(_CACHING)
    if answer.version is not None:
        headers["ETag"] = f'"{digest(kind, *answer.version)}"'
        if _is_known(request, headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if kind is not None:
        return _file(kind, answer.table(), headers)
    body = rendered(answer.json())
    headers.setdefault("ETag", f'"{digest(body)}"')
    if _is_known(request, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers, media_type=_JSON)


@dataclass(frozen=True)
class Download:
    """A file behind a route that is made while it is sent; `version` names everything it depends on."""

    name: str  # without its ending
    chunks: Callable[[FileKind], Iterator[bytes]]
    version: tuple[object, ...]


def download_route(router: APIRouter, path: str, *kinds: FileKind) -> Callable[[Endpoint], Endpoint]:
    """Registers a route for a `Download` at `path` with the ending of each of `kinds`."""

    def register(endpoint: Endpoint) -> Endpoint:
        for kind in kinds:
            offered = _offered(_MEDIA_TYPES[kind])
            router.add_api_route(f"{path}.{kind}", endpoint, response_class=Response, responses=offered)
        return endpoint

    return register


def send(request: Request, download: Download) -> Response:
    """The file in the format that the path's ending asks for, streamed; nothing but a 304 to who has it already."""
    kind = FileKind(request.url.path.rpartition(".")[2])
    headers = {**_CACHING, "ETag": f'"{digest(kind, *download.version)}"'}
    if _is_known(request, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers |= _disposition(download.name, kind)
    return StreamingResponse(download.chunks(kind), headers=headers, media_type=_MEDIA_TYPES[kind])


def rendered(value: object) -> bytes:
    """`value`, which may be made of our dataclasses, as JSON: amounts as plain text, instants in UTC."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value)} has no JSON form")


def _asked_kind(request: Request) -> FileKind | None:
    ending = request.url.path.rpartition(".")[2]
    if ending in _ENDINGS:
        return FileKind(ending)
    accepted = (part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(","))
    return next((_KINDS[media] for media in accepted if media in _KINDS), None)


def _is_known(request: Request, tag: str) -> bool:
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return tag in known or known == ["*"]


def _file(kind: FileKind, table: Table, headers: Mapping[str, str]) -> Response:
    named = {**headers, **_disposition(table.name, kind)}
    media = _MEDIA_TYPES[kind]
    if kind is FileKind.CSV:
        return StreamingResponse(csv_chunks(table), headers=named, media_type=media)
    return Response(file_bytes(table, kind), headers=named, media_type=media)


def _disposition(name: str, kind: FileKind) -> dict[str, str]:
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    return {"Content-Disposition": f'attachment; filename="{safe}.{kind}"'}
