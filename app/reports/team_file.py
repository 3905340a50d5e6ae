"""Teams as a file, out of the policy in force and into it."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.db.queries.chargeback import billing_periods_with_figures
from app.db.session import read_session
from app.domain.period import Period
from app.domain.policy_document import parse_policy
from app.domain.team_change import TeamChange, team_change
from app.domain.team_file import Cells, cells_of
from app.domain.viewer import Scope, Viewer
from app.reports.policy import policy
from app.reports.policy_preview import Move, policy_preview

_PERIODS_TOLD = 12


@dataclass(frozen=True)
class TeamImportPreview:
    """What taking in a file of teams would change in the policy, and what it would move by team."""

    change: TeamChange
    moves: tuple[Move, ...]


def team_file(session: Session, viewer: Viewer) -> tuple[Cells, ...]:
    """Every team and validity of the policy in force, in its order, under `app.domain.team_file.COLUMNS`.

    Raises NotFound before there is a policy, and for a viewer limited to teams.
    """
    return tuple(cells_of(team) for team in parse_policy(policy(session, viewer).document).teams)


def team_import_preview(bound: Engine, viewer: Viewer, document: str, name: str) -> TeamImportPreview:
    """What taking in the CSV `document` called `name` would do, with the figures of the billing periods it touches.

    Those are the periods from the first day on which a team is another than before, the newest twelve of them. Raises
    BadInput with every row that cannot be used.
    """
    viewer.require_everything(Scope.WRITE_POLICY)
    with read_session(bound) as session:
        change = team_change(policy(session, viewer).document, document, name)
        months = [Period.month_of(start) for start in billing_periods_with_figures(session)]
    since = change.since
    touched = [month for month in months if since is not None and month.end > since][:_PERIODS_TOLD]
    return TeamImportPreview(change, policy_preview(bound, viewer, change.document, *touched) if touched else ())
