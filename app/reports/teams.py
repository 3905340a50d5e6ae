"""The teams there are, and what they are called."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.db.queries.teams import teams_in_force
from app.domain.viewer import Viewer
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class TeamNode:
    """A team as the policy in force puts it last; a side of its validity that is None is open."""

    id: str
    name: str
    parent_id: str | None
    cost_center: str | None
    gl_account: str | None
    valid_from: date | None
    valid_to: date | None


def teams(session: Session, viewer: Viewer) -> tuple[TeamNode, ...]:
    """The teams that `viewer` may see, by id. A parent it may not see is left out."""
    visible = visible_teams(session, viewer)
    newest = {team.id: team for team in teams_in_force(session)}
    shown = set(newest) if visible is None else visible & set(newest)
    return tuple(
        TeamNode(
            id=team.id,
            name=team.name,
            parent_id=team.parent if team.parent in shown else None,
            cost_center=team.cost_center,
            gl_account=team.gl_account,
            valid_from=team.valid_from,
            valid_to=team.valid_to,
        )
        for team in newest.values()
        if team.id in shown
    )


def team_names(session: Session) -> dict[str, str]:
    """The name of each team, by id, as the policy in force calls it last."""
    return {team.id: team.name for team in teams_in_force(session)}
