"""From draft to closed: the lines of a billing month's statement, issuing, closing, and replaying it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from app.actions.chargeback import ClosedStatement, IssuedStatement, close_statement, issue_statement
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.cursors import digest
from app.api.deps import MonthDep, NowDep, SessionDep, ViewerDep, WriteSessionDep
from app.domain.canonical import CSV_NAME, JSON_NAME
from app.domain.named_file import NamedFile
from app.domain.replay import Replay
from app.exports.pack.pack import files_to_keep
from app.exports.statement_lines import statement_lines_table
from app.reports.closing import ClosingStatus, closing_status, file_named, kept_files, replayed
from app.reports.dataset import dataset_version
from app.reports.statement_lines import StatementLinesReport, statement_lines

router = APIRouter(prefix="/chargeback", tags=["chargeback"])

FileName = Annotated[str, Path(description="A name from /files")]
_MONTH = "/{month}"  # MonthDep reads it
_JSON = "application/json"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file, byte for byte as it was kept", "content": {"*/*": {}}}
}


@report_route(router, f"{_MONTH}/lines", model=StatementLinesReport)
def read_lines(request: Request, session: SessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """The lines of the statement that counts: closed, else issued, else the draft."""
    version = (dataset_version(session), digest("lines", period, viewer.fingerprint))
    return respond(
        request,
        Answer(
            json=lambda: statement_lines(session, viewer, period),
            table=lambda: statement_lines_table(statement_lines(session, viewer, period)),
            version=version,
        ),
    )


@router.get(f"{_MONTH}/checks", response_model=ClosingStatus)
def read_checks(session: SessionDep, viewer: ViewerDep, period: MonthDep, now: NowDep) -> Response:
    """How far a billing month has come, what has moved since it was issued, what speaks against closing it."""
    return Response(rendered(closing_status(session, viewer, period, now)), media_type=_JSON)


@router.post(f"{_MONTH}/issue", response_model=IssuedStatement)
def post_issue(session: WriteSessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """Issues the statement as it is now; one issued before is withdrawn. Nothing moved: nothing changes."""
    return Response(rendered(issue_statement(session, viewer, period)), media_type=_JSON)


@router.post(f"{_MONTH}/close", response_model=ClosedStatement)
def post_close(
    *,
    session: WriteSessionDep,
    viewer: ViewerDep,
    period: MonthDep,
    now: NowDep,
    wanted: schemas.Closing | None = None,
) -> Response:
    """Closes a billing month with its issued statement, for good. 409 with `blockers` while something is against it."""
    reason = wanted.override_reason if wanted else None
    closed = close_statement(session, viewer, period, now, reason, pack=files_to_keep)
    return Response(rendered(closed), media_type=_JSON)


@router.get(f"{_MONTH}/replay", response_model=Replay)
def read_replay(session: SessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """A closed month worked out again from its inputs, compared with what was kept, byte for byte."""
    return Response(rendered(replayed(session, viewer, period)), media_type=_JSON)


@router.get(f"{_MONTH}/{CSV_NAME}", response_class=Response, responses=_FILE)
def read_canonical_csv(session: SessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """The canonical CSV of a closed month."""
    return _file(file_named(session, viewer, period, CSV_NAME))


@router.get(f"{_MONTH}/{JSON_NAME}", response_class=Response, responses=_FILE)
def read_canonical_json(session: SessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """The canonical JSON of a closed month, whose SHA-256 its statement keeps."""
    return _file(file_named(session, viewer, period, JSON_NAME))


@router.get(f"{_MONTH}/files", response_model=schemas.KeptFiles)
def read_files(session: SessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """The files that a month was closed with, each with its SHA-256."""
    return Response(rendered({"files": kept_files(session, viewer, period)}), media_type=_JSON)


@router.get(_MONTH + "/files/{name:path}", response_class=Response, responses=_FILE)
def read_file(session: SessionDep, viewer: ViewerDep, period: MonthDep, name: FileName) -> Response:
    """One of them, byte for byte."""
    return _file(file_named(session, viewer, period, name))


def _file(file: NamedFile) -> Response:
    name = file.name.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{file.sha256}"'}
    return Response(file.content, headers=headers, media_type=file.media_type)
