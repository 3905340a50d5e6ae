"""Teams, and the policy that declares them."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from app.actions.policy import apply_policy
from app.actions.teams import import_teams
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import SessionDep, ViewerDep, WriteSessionDep
from app.db.session import engine
from app.domain.period import Period
from app.errors import BadInput
from app.exports.tables import teams_table
from app.exports.team_file import team_file_bytes
from app.reports.policy import PolicyInForce, policy
from app.reports.policy_preview import Move, policy_preview
from app.reports.team_file import team_file, team_import_preview
from app.reports.teams import teams

router = APIRouter(tags=["policy"])
Document = Annotated[bytes, Body(media_type="application/yaml", description="A policy document, UTF-8")]
TeamFile = Annotated[bytes, Body(media_type="text/csv", description="A line for each team and validity, UTF-8")]
_NAME = "API upload"


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
    apply_policy(session, viewer, _text(document, "The policy document"))
    return Response(rendered(policy(session, viewer)), media_type="application/json")


@router.post("/policy/preview", response_model=schemas.Moves)
def preview(
    viewer: ViewerDep,
    document: Document,
    period: Annotated[
        list[str] | None, Query(description="Billing months, YYYY-MM, repeated; left out: the newest")
    ] = None,
) -> Response:
    """What each team would owe for billing months under a policy that is not applied yet.

    For a month that is closed it is what adjustments would move.
    """
    months = [Period.parse_month(each) for each in period or ()]
    moves = policy_preview(engine(), viewer, _text(document, "The policy document"), *months)
    return Response(rendered({"moves": _shown(moves)}), media_type="application/json")


@router.get("/teams/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export_teams(session: SessionDep, viewer: ViewerDep) -> Response:
    """The teams of the policy in force as a file that can be taken in again: a line for each team and validity."""
    named = {"Content-Disposition": 'attachment; filename="teams.csv"'}
    return Response(team_file_bytes(team_file(session, viewer)), headers=named, media_type="text/csv")


@router.post("/teams/import", response_model=schemas.TeamsImported)
def post_teams(
    session: WriteSessionDep,
    viewer: ViewerDep,
    document: TeamFile,
    *,
    dry_run: Annotated[bool, Query(description="Only tell what it would change and move")] = False,
) -> Response:
    """Puts the teams of a CSV file in the place of the policy's own, as a new version of it: all of them, or none."""
    text = _text(document, "The file of teams")
    preview = team_import_preview(engine(), viewer, text, _NAME)
    version = None if dry_run else import_teams(session, viewer, text, _NAME)
    change = preview.change
    answer = {
        "version": version.id if version else None,
        "added": change.added,
        "changed": change.changed,
        "removed": change.removed,
        "moves": _shown(preview.moves),
    }
    return Response(rendered(answer), media_type="application/json")


def _shown(moves: Iterable[Move]) -> list[dict[str, object]]:
    return [
        {
            "period": move.period.label,
            "currency": move.currency,
            "team": move.team_id,
            "name": move.name,
            "before": move.before,
            "after": move.after,
            "change": move.change,
        }
        for move in moves
    ]


def _text(document: bytes, what: str) -> str:
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{what} is not UTF-8 ({error}).") from error
