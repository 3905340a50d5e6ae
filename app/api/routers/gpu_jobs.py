"""What schedulers' jobs did with their GPUs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api.answers import Answer, report_route, respond
from app.api.deps import SessionDep, ViewerDep
from app.api.questions import parse_day
from app.exports.gpu_findings import gpu_jobs_table
from app.reports.gpu_jobs import GROUPS, JobsQuestion, JobsReport, gpu_jobs

router = APIRouter(prefix="/gpu", tags=["gpu"])


@report_route(router, "/jobs", model=JobsReport)
def read_jobs(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    start: Annotated[str, Query(description="The first day: YYYY-MM-DD, or YYYY-MM")],
    end: Annotated[str, Query(description="The first day that is no longer meant")],
    group_by: Annotated[
        list[str] | None, Query(description=f"Some of {', '.join(GROUPS)}; outcome if left out")
    ] = None,
) -> Response:
    """GPU-hours of jobs by outcome, or by team, state, account and user; and what they waited before they began."""
    names = tuple(name for each in group_by or ["outcome"] for name in each.split(","))
    report = gpu_jobs(session, viewer, JobsQuestion(parse_day(start), parse_day(end), names))
    return respond(request, Answer(lambda: report, lambda: gpu_jobs_table(report)))
