"""Teams, and the policy that declares them."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response

from app.actions.policy import apply_policy
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import SessionDep, ViewerDep, WriteSessionDep
from app.db.session import engine
from app.domain.period import Period
from app.errors import BadInput
from app.exports.tables import teams_table
from app.reports.policy import PolicyInForce, policy
from app.reports.policy_preview import policy_preview
from app.reports.teams import teams

router = APIRouter(tags=["policy"])
Document = Annotated[bytes, Body(media_type="application/yaml", description="A policy document, UTF-8")]


@report_route(router, "/teams", model=schemas.Teams)
def read_teams(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """The teams of the policy in force that the caller may see."""
    found = teams(session, viewer)
    return respond(request, Answer(lambda: {"teams": found}, lambda: teams_table(found)))


@router.get("/policy", response_model=PolicyInForce)
def read_policy(session: SessionDep, viewer: ViewerDep) -> Response:
    """The policy in force, as it was written."""
    return Response(rendered(policy(session, viewer)), media_type="application/json")


@router.put("/policy", response_model=PolicyInForce)
def put_policy(session: WriteSessionDep, viewer: ViewerDep, document: Document) -> Response:
    """Puts a policy in force and posts every billing period by it; the one in force already changes nothing."""
    apply_policy(session, viewer, _text(document))
    return Response(rendered(policy(session, viewer)), media_type="application/json")


@router.post("/policy/preview", response_model=schemas.Moves)
def preview(viewer: ViewerDep, period: str, document: Document) -> Response:
    """What each team would owe for the billing `period` (YYYY-MM) under a policy that is not applied yet."""
    moves = policy_preview(engine(), viewer, _text(document), Period.parse_month(period))
    shown = [
        {
            "currency": m.currency,
            "team": m.team_id,
            "name": m.name,
            "before": m.before,
            "after": m.after,
            "change": m.change,
        }
        for m in moves
    ]
    return Response(rendered({"moves": shown}), media_type="application/json")


def _text(document: bytes) -> str:
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"The policy document is not UTF-8 ({error}).") from error
