"""What was said about what teams owe for a billing month, and what there is to comment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db.queries.comments import KeptComment, commented_lines, comments_on
from app.db.queries.conditions import TeamTest, may_see
from app.domain.comment import Commented
from app.domain.period import Period
from app.domain.statement import CostType
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.owed import UNALLOCATED
from app.reports.statement_ground import Ground, ground
from app.reports.teams import team_names
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class CommentRow:
    """A comment, in plain text. Without a cost type it is on the team's statement as a whole.

    `in_statement` is false when the statement that counts now has no such line any more.
    """

    id: int
    team_id: str | None
    team_name: str
    billing_currency: str
    cost_type: CostType | None
    pool_id: str | None
    pool_name: str | None
    service_name: str | None
    text: str
    author: str
    written_at: datetime
    in_statement: bool


@dataclass(frozen=True)
class CommentsReport:
    """The comments on a billing month, oldest first."""

    period: Period
    comments: tuple[CommentRow, ...]


@dataclass(frozen=True)
class CommentableLine:
    """Something to comment, with what its pool is called."""

    on: Commented
    pool_name: str | None


def comments(session: Session, viewer: Viewer, period: Period, team_id: str | None = None) -> CommentsReport:
    """The comments on what `team_id` owes, or on every team that `viewer` may see; the unallocated with everything.

    Raises NotFound for a team that does not exist or that `viewer` may not see.
    """
    basis = ground(session, period)
    test = _test(session, viewer, basis, team_id)
    there = frozenset(_lines(session, basis, test))
    whole = {(line.team_id, line.billing_currency) for line in there}

    def row(kept: KeptComment) -> CommentRow:
        on = kept.on
        team = basis.names.teams.get(on.team_id) if on.team_id is not None else None
        return CommentRow(
            id=kept.id,
            team_id=on.team_id,
            team_name=team.name if team else on.team_id or UNALLOCATED,
            billing_currency=on.billing_currency,
            cost_type=on.cost_type,
            pool_id=on.pool_id,
            pool_name=_pool_name(basis, on),
            service_name=on.service_name,
            text=kept.text,
            author=kept.author,
            written_at=kept.written_at,
            in_statement=on in there if on.is_line else (on.team_id, on.billing_currency) in whole,
        )

    return CommentsReport(period, tuple(row(each) for each in comments_on(session, period.start, test)))


def commentable_lines(session: Session, viewer: Viewer, period: Period, team_id: str) -> tuple[CommentableLine, ...]:
    """What of a team's statement can be commented: in each currency all of it, then its lines. Raises as `comments`."""
    basis = ground(session, period)
    lines = _lines(session, basis, _test(session, viewer, basis, team_id))
    wholes = {line.billing_currency: Commented(period.start, team_id, line.billing_currency) for line in lines}
    return tuple(
        CommentableLine(on, _pool_name(basis, on))
        for currency, whole in wholes.items()
        for on in (whole, *(line for line in lines if line.billing_currency == currency))
    )


def _test(session: Session, viewer: Viewer, basis: Ground, team_id: str | None) -> TeamTest:
    visible = visible_teams(session, viewer)
    if team_id is None:
        return may_see(visible)
    known = visible if visible is not None else {*basis.names.teams, *team_names(session)}
    if team_id not in known:
        raise NotFound(f"There is no team '{team_id}' that you may see. GET /api/v1/teams lists them.")
    return lambda team: team == team_id


def _lines(session: Session, basis: Ground, test: TeamTest) -> tuple[Commented, ...]:
    if basis.statement is None:
        return ()
    return commented_lines(session, basis.statement.id, basis.period.start, test)


def _pool_name(basis: Ground, on: Commented) -> str | None:
    return None if on.pool_id is None else basis.names.pools.get(on.pool_id, on.pool_id)
