"""Commenting what a team owes."""

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.queries.comments import KeptComment, commented_lines, kept_comment
from app.db.queries.statements import binding_statement
from app.db.queries.teams import in_subtrees
from app.db.tables.statements import LineComment
from app.domain.comment import Commented, comment_text
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer
from app.errors import NotFound


def write_comment(session: Session, viewer: Viewer, on: Commented, text: str) -> KeptComment:
    """Keeps a comment on a team's statement or a line of it, for good; whoever may see the team may write one.

    Raises BadInput for a text that cannot be kept, NotFound for a team that `viewer` may not see, and for a line, or a
    currency, that the statement which counts has not.
    """
    viewer.require(Scope.READ_COSTS)
    words = comment_text(text)
    _check_sight(session, viewer, on.team_id)
    _check_line(session, on)
    row = LineComment(
        billing_period_start=on.billing_period_start,
        team_id=on.team_id,
        billing_currency=on.billing_currency,
        cost_type=on.cost_type.value if on.cost_type else None,
        pool_id=on.pool_id,
        service_name=on.service_name,
        text=words,
        author=viewer.name,
    )
    session.add(row)
    session.flush()
    target = f"{on.billing_period_start:%Y-%m} {on.team_id or 'unallocated'}"
    record(session, viewer, "comment.write", target, comment=row.id, characters=len(words))
    return kept_comment(row)


def _check_sight(session: Session, viewer: Viewer, team_id: str | None) -> None:
    if viewer.teams is None:
        return
    if team_id is None or team_id not in in_subtrees(session, viewer.teams):
        what = "unallocated cost" if team_id is None else f"team '{team_id}'"
        raise NotFound(f"There is no {what} that you may see. GET /api/v1/teams lists your teams.")


def _check_line(session: Session, on: Commented) -> None:
    month = Period.month_of(on.billing_period_start).label
    statement = binding_statement(session, on.billing_period_start)
    if statement is None:
        raise NotFound(f"{month} has no statement yet. One is drawn as soon as a bill of the period is live.")
    team = on.team_id
    lines = commented_lines(
        session,
        statement.id,
        on.billing_period_start,
        lambda column: column.is_(None) if team is None else column == team,
    )
    whole = {line.billing_currency for line in lines}
    if on not in lines if on.is_line else on.billing_currency not in whole:
        who = "Nobody" if team is None else f"The team '{team}'"
        what = "no such line" if on.is_line else f"no line in {on.billing_currency}"
        where = f"GET /api/v1/chargeback/{month}/lines lists them."
        raise NotFound(f"{who} has {what} in the statement of {month}. {where}")
