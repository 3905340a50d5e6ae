"""Allocated cost as FOCUS: a billing month's charges, a row for each team that pays."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api.answers import Download, FileKind, download_route, send
from app.api.cursors import digest
from app.api.deps import MonthDep, SessionDep, ViewerDep
from app.domain.focus import FocusVersion
from app.exports.focus.files import focus_chunks
from app.reports.dataset import dataset_version
from app.reports.focus_export import focus_export

router = APIRouter(prefix="/chargeback", tags=["chargeback"])

Version = Annotated[FocusVersion, Query(description="Which version of FOCUS")]


@download_route(router, "/{month}/focus", FileKind.CSV, FileKind.PARQUET)
def read_focus(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    period: MonthDep,
    version: Version = FocusVersion.V1_2,
) -> Response:
    """A month's allocated charges as a FOCUS file, exact. For machines: cells are not made safe for spreadsheets."""
    export = focus_export(session, viewer, period, version)
    question = digest("focus", period, version, export.statement_id, viewer.fingerprint)
    return send(
        request,
        Download(export.name, lambda kind: focus_chunks(export, kind), (dataset_version(session), question)),
    )
