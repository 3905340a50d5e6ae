"""Reads of budgets that count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest
from app.db.queries.statements import EVERY_TEAM
from app.db.tables import statements as tables
from app.domain.budget import Budget


@dataclass(frozen=True)
class KeptBudget:
    """A budget that no other has superseded, with who set it."""

    budget: Budget
    set_by: str
    set_at: datetime


def current_budgets(session: Session, periods: Sequence[date], test: TeamTest = EVERY_TEAM) -> tuple[KeptBudget, ...]:
    """The budgets of billing periods, for the teams that pass `test`, by period, team and currency."""
    row = tables.Budget
    statement = (
        select(row)
        .where(row.billing_period_start.in_(periods), row.superseded_at.is_(None), test(row.__table__.c.team_id))
        .order_by(row.billing_period_start, row.team_id.collate("C"), row.billing_currency)
        .execution_options(populate_existing=True)
    )
    return tuple(KeptBudget(_budget(each), each.set_by, each.set_at) for each in session.scalars(statement))


def _budget(row: tables.Budget) -> Budget:
    thresholds = tuple(row.thresholds)
    return Budget(row.team_id, row.billing_period_start, row.billing_currency, row.amount, thresholds)
