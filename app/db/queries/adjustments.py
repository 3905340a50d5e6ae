"""Reads of the adjustments that correct a closed billing period."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest
from app.db.queries.statements import BINDING
from app.db.tables.statements import Statement, StatementLine
from app.domain.statement import StatementState


class CorrectionSum(NamedTuple):
    """What the statement of a billing period corrects of another, by currency and team."""

    billing_period_start: date
    state: StatementState
    billing_currency: str
    team_id: str | None
    exact_amount: Decimal
    amount: Decimal


def corrections_of(session: Session, corrected: date, test: TeamTest) -> list[CorrectionSum]:
    """What corrects the closed period `corrected`, of teams that pass `test`, in the statements that count."""
    order = (Statement.billing_period_start, StatementLine.billing_currency, StatementLine.team_id)
    statement = (
        select(
            Statement.billing_period_start,
            Statement.state,
            StatementLine.billing_currency,
            StatementLine.team_id,
            func.sum(StatementLine.exact_amount),
            func.sum(StatementLine.amount),
        )
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            StatementLine.adjusts_period == corrected,
            Statement.state.in_([state.value for state in BINDING]),
            test(StatementLine.__table__.c.team_id),
        )
        .group_by(Statement.state, *order)
        .order_by(*order)
    )
    found = [CorrectionSum(row[0], StatementState(row[1]), *row[2:]) for row in session.execute(statement)]
    best: dict[date, StatementState] = {}
    for each in found:
        best[each.billing_period_start] = min(best.get(each.billing_period_start, each.state), each.state,
                                              key=BINDING.index)  # fmt: skip
    return [each for each in found if each.state is best[each.billing_period_start]]
