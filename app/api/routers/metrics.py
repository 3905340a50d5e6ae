"""Prometheus' door."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from app.api.deps import NowDep, SessionDep, ViewerDep
from app.api.metrics import figures_lines
from app.reports.dataset import dataset_version
from app.reports.sources import sources

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def read_metrics(request: Request, session: SessionDep, viewer: ViewerDep, now: NowDep) -> Response:
    """This process's requests, and how fresh the figures are."""
    figures = figures_lines(dataset_version(session), sources(session, viewer), now)
    lines = [*request.app.state.requests.lines(), *figures]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
