"""Comments on what teams owe."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.actions.comments import write_comment
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import MonthDep, SessionDep, ViewerDep, WriteSessionDep
from app.domain.comment import Commented
from app.exports.comments import comments_table
from app.reports.comments import CommentsReport, comments

router = APIRouter(prefix="/chargeback", tags=["chargeback"])
_PATH = "/{month}/comments"  # MonthDep reads it


@report_route(router, _PATH, model=CommentsReport)
def read_comments(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    period: MonthDep,
    team: Annotated[str | None, Query(description="A team's id; left out: every team in sight")] = None,
) -> Response:
    """Comments on a billing month's statements and their lines, oldest first. They are plain text."""
    report = comments(session, viewer, period, team)
    return respond(request, Answer(lambda: report, lambda: comments_table(report)))


@router.post(_PATH, response_model=schemas.CommentKept, status_code=HTTPStatus.CREATED)
def post_comment(session: WriteSessionDep, viewer: ViewerDep, period: MonthDep, wanted: schemas.CommentIn) -> Response:
    """Keeps a comment for good: on a team's statement or, with a cost type, on one line of it."""
    on = Commented(period.start, wanted.team, wanted.currency, wanted.cost_type, wanted.pool, wanted.service_name)
    kept = write_comment(session, viewer, on, wanted.text)
    body = {"id": kept.id, "author": kept.author, "written_at": kept.written_at, "text": kept.text}
    return Response(rendered(body), HTTPStatus.CREATED, media_type="application/json")
