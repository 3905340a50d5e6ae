"""Reads of comments, and of what can be commented."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest
from app.db.tables.statements import LineComment, StatementLine
from app.domain.comment import Commented
from app.domain.statement import CostType

_LINE = StatementLine.__table__.c


@dataclass(frozen=True)
class KeptComment:
    """A comment as it was written."""

    id: int
    on: Commented
    text: str
    author: str
    written_at: datetime


def comments_on(session: Session, period: date, test: TeamTest) -> tuple[KeptComment, ...]:
    """The comments on a billing period, of the teams that pass `test`, in the order they were written."""
    statement = (
        select(LineComment)
        .where(LineComment.billing_period_start == period, test(LineComment.__table__.c.team_id))
        .order_by(LineComment.id)
    )
    return tuple(kept_comment(row) for row in session.scalars(statement))


def kept_comment(row: LineComment) -> KeptComment:
    """A comment, from its row."""
    on = Commented(
        row.billing_period_start,
        row.team_id,
        row.billing_currency,
        CostType(row.cost_type) if row.cost_type else None,
        row.pool_id,
        row.service_name,
    )
    return KeptComment(row.id, on, row.text, row.author, row.written_at)


def commented_lines(session: Session, statement_id: int, period: date, test: TeamTest) -> tuple[Commented, ...]:
    """The lines of a statement, as comments tell them apart, in its order; of the teams that pass `test`."""
    key = (_LINE.team_id, _LINE.billing_currency, _LINE.cost_type, _LINE.pool_id, _LINE.service_name)
    statement = (
        select(*key)
        .where(_LINE.statement_id == statement_id, test(_LINE.team_id))
        .group_by(*key)
        .order_by(_LINE.team_id.nulls_last(), _LINE.billing_currency, func.min(_LINE.id))
    )
    return tuple(
        Commented(period, team, currency, CostType(cost_type), pool, service)
        for team, currency, cost_type, pool, service in session.execute(statement)
    )
