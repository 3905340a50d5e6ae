"""Teams, and the policy that declares them."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import SessionDep, ViewerDep
from app.exports.tables import teams_table
from app.reports.policy import PolicyInForce, policy
from app.reports.teams import teams

router = APIRouter(tags=["policy"])


@report_route(router, "/teams", model=schemas.Teams)
def read_teams(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """The teams of the policy in force that the caller may see."""
    found = teams(session, viewer)
    return respond(request, Answer(lambda: {"teams": found}, lambda: teams_table(found)))


@router.get("/policy", response_model=PolicyInForce)
def read_policy(session: SessionDep, viewer: ViewerDep) -> Response:
    """The policy in force, as it was written."""
    return Response(rendered(policy(session, viewer)), media_type="application/json")
