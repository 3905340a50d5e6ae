"""What teams owe, by the billing period that invoices it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric, case, func, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest
from app.db.queries.sharing import shared
from app.db.tables.bills import Load
from app.db.tables.rollups import MonthlyCost
from app.domain.charge import Metric
from app.domain.money import ZERO
from app.domain.period import Period


@dataclass(frozen=True)
class OwedSum:
    """What a team owes for a billing period: directly, or through a pool. No team means unallocated."""

    billing_period_start: date
    currency: str
    team_id: str | None
    pool_id: str | None
    keys: tuple[str | None, ...]
    amount: Decimal
    rows_without_value: int


def owed_sums(
    session: Session, metric: Metric, span: Period, *, test: TeamTest, by: Sequence[str] = ()
) -> list[OwedSum]:
    """What the teams that pass `test` owe for the billing periods in `span`, by period, pool and the columns `by`.

    A sum in which no row has a value is zero here; `rows_without_value` tells.
    """
    rows = MonthlyCost.__table__
    paid = shared(rows, test)
    groups = [
        *(rows.c.billing_period_start, rows.c.billing_currency, paid.team, rows.c.pool_id),
        *(rows.c[name] for name in by),
    ]
    amount = func.trim_scale(func.sum(rows.c[metric] * paid.share), type_=Numeric)
    missing = func.sum(case((paid.counts, rows.c[f"{metric}_missing"])))
    statement = (
        select(*groups, amount, missing)
        .select_from(paid.rows)
        .where(rows.c.billing_period_start >= span.start, rows.c.billing_period_start < span.end, test(paid.team))
        .group_by(*groups)
    )
    return [
        OwedSum(period, currency, team, pool, tuple(keys), ZERO if amount is None else amount, int(missing or 0))
        for period, currency, team, pool, *keys, amount, missing in session.execute(statement)
    ]


def live_billing_periods(session: Session) -> tuple[date, ...]:
    """The starts of the billing periods that have a live load, newest first."""
    start = Load.billing_period_start
    return tuple(session.scalars(select(start).where(Load.state == "live").distinct().order_by(start.desc())))
