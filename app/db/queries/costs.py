"""Sums of cost: the one query behind every question about costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, case, func, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import team_test
from app.db.queries.cubes import unshared_rows
from app.db.queries.question import TEAM, Question
from app.db.queries.sharing import shared
from app.db.tables.rollups import DailyCost

Dimensions = Sequence[ColumnElement[Any]]


@dataclass(frozen=True)
class CostSum:
    """The cost of a bucket and a combination of dimensions; None where no row had a value."""

    currency: str
    period_start: date | None
    keys: tuple[str | None, ...]
    amount: Decimal | None
    rows_without_value: int


def cost_sums(
    session: Session, question: Question, *, visible: frozenset[str] | None, limit: int | None = None
) -> list[CostSum]:
    """The sums that answer `question`, of the `visible` teams, ordered by currency, bucket and dimensions."""
    dimensions, statement = _summed(session, question, visible)
    currency, bucket = statement.selected_columns[:2]
    # In the order of code points, so that an answer reads the same whatever locale the database was made with.
    order = [currency, bucket.nulls_first(), *(each.collate("C").nulls_last() for each in dimensions)]
    found = session.execute(statement.order_by(*order).limit(limit))
    return [
        CostSum(currency, period_start, tuple(keys), amount, int(missing or 0))
        for currency, period_start, *keys, amount, missing in found
    ]


def newest_charge_day(session: Session, today: date) -> date | None:
    """The newest day up to `today` that has live charges; bills may hold days to come."""
    return session.scalar(select(func.max(DailyCost.charge_day)).where(DailyCost.charge_day <= today))


def _summed(session: Session, question: Question, visible: frozenset[str] | None) -> tuple[Dimensions, Select[Any]]:
    rows = unshared_rows(session, question)
    asks_for_teams = TEAM in question.group_by or any(each.dimension == TEAM for each in question.filters)
    if not asks_for_teams and visible is None:
        # Sharing moves no cent in or out, so a question that does not ask who pays needs no join.
        dimensions: Dimensions = [rows.c[name] for name in question.group_by]
        return dimensions, _sums(rows.c.billing_currency, rows.c.bucket, dimensions, rows.c.cost, rows.c.missing)
    test = team_test(question, visible)
    paid = shared(rows, test)
    dimensions = [paid.team if name == TEAM else rows.c[name] for name in question.group_by]
    missing = case((paid.counts, rows.c.missing))
    sums = _sums(rows.c.billing_currency, rows.c.bucket, dimensions, rows.c.cost * paid.share, missing)
    return dimensions, sums.select_from(paid.rows).where(test(paid.team))


def _sums(
    currency: ColumnElement[str],
    bucket: ColumnElement[date],
    dimensions: Dimensions,
    amount: ColumnElement[Decimal],
    missing: ColumnElement[int],
) -> Select[Any]:
    total = func.trim_scale(func.sum(amount), type_=Numeric)
    groups: Dimensions = [currency, bucket, *dimensions]
    return select(*groups, total, func.sum(missing)).group_by(*groups)
