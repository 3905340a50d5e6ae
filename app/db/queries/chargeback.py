"""What teams owe, by the billing period that invoices it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric, case, func, select, true
from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest
from app.db.queries.sharing import shared
from app.db.tables.bills import Load
from app.db.tables.rollups import MonthlyCost
from app.db.tables.statements import Statement, StatementLine
from app.domain.charge import Metric
from app.domain.money import ZERO
from app.domain.period import Period
from app.domain.statement import CostType

_LINE = StatementLine.__table__.c
# What the lines of all teams that share a pool's charges have in common.
_OF_A_CHARGE = (
    "billing_currency",
    "invoice_issuer_name",
    "invoice_id",
    "cost_type",
    "pool_id",
    "service_provider_name",
    "service_name",
    "unit",
)


@dataclass(frozen=True)
class OwedSum:
    """What a team owes for a billing period: directly, or through a pool. No team means unallocated."""

    billing_period_start: date
    currency: str
    team_id: str | None
    pool_id: str | None
    keys: tuple[str | None, ...]
    amount: Decimal  # exact
    rows_without_value: int = 0
    cost_type: CostType | None = None  # of statement lines only, as is
    charged: Decimal | None = None  # the amount in whole minor units


def owed_sums(
    session: Session,
    metric: Metric,
    span: Period,
    *,
    test: TeamTest,
    by: Sequence[str] = (),
    but_for: Collection[date] = (),
) -> list[OwedSum]:
    """What the teams that pass `test` owe for the billing periods in `span`, by period, pool and the columns `by`.

    From roll-ups of live charges, so neither adjusted nor rounded, without the periods in `but_for`. A sum in which no
    row has a value is zero here; `rows_without_value` tells.
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
        .where(rows.c.billing_period_start.not_in(but_for))
        .group_by(*groups)
    )
    return [
        OwedSum(period, currency, team, pool, tuple(keys), ZERO if amount is None else amount, int(missing or 0))
        for period, currency, team, pool, *keys, amount, missing in session.execute(statement)
    ]


def charged_sums(
    session: Session, statement_ids: Collection[int], *, test: TeamTest, by: Sequence[str] = ()
) -> list[OwedSum]:
    """What statements say that the teams which pass `test` owe, by period, pool, cost type and the columns `by`.

    Rows without value are counted by `rows_without_value`, for lines of a pool share them.
    """
    groups = [
        *(Statement.billing_period_start, _LINE.billing_currency, _LINE.team_id, _LINE.pool_id, _LINE.cost_type),
        *(_LINE[name] for name in by),
    ]
    exact = func.trim_scale(func.sum(_LINE.exact_amount), type_=Numeric)
    statement = (
        select(*groups, exact, func.sum(_LINE.amount))
        .join(Statement, Statement.id == _LINE.statement_id)
        .where(Statement.id.in_(statement_ids), test(_LINE.team_id))
        .group_by(*groups)
    )
    return [
        OwedSum(period, currency, team, pool, tuple(keys), exact, cost_type=CostType(cost_type), charged=charged)
        for period, currency, team, pool, cost_type, *keys, exact, charged in session.execute(statement)
    ]


def rows_without_value(session: Session, statement_id: int, *, test: TeamTest) -> dict[str, int]:
    """How many charges of a statement have no value, by currency; those of a pool count once."""
    once = [*(_LINE[name] for name in _OF_A_CHARGE), case((_LINE.pool_id.is_(None), _LINE.id))]
    counted = (
        select(_LINE.billing_currency, func.max(_LINE.rows_without_value).label("missing"))
        .where(_LINE.statement_id == statement_id, _LINE.rows_without_value > 0, test(_LINE.team_id))
        .group_by(*once)
        .subquery()
    )
    statement = select(counted.c.billing_currency, func.sum(counted.c.missing)).group_by(counted.c.billing_currency)
    return {currency: int(missing) for currency, missing in session.execute(statement)}


def moved_sums(
    session: Session, shown: int, now: int | None, *, test: TeamTest, adjustments: bool
) -> dict[tuple[str, str | None], Decimal]:
    """What statement `now` (None: nothing) has more than `shown`, by currency and team; what has not moved is left out.

    Adjustments of other periods count if `adjustments` says so.
    """
    moved = func.sum(case((_LINE.statement_id == shown, -_LINE.exact_amount), else_=_LINE.exact_amount))
    ids = [shown] if now is None else [shown, now]
    own = true() if adjustments else _LINE.adjusts_period.is_(None)
    statement = (
        select(_LINE.billing_currency, _LINE.team_id, func.trim_scale(moved, type_=Numeric))
        .where(_LINE.statement_id.in_(ids), test(_LINE.team_id), own)
        .group_by(_LINE.billing_currency, _LINE.team_id)
        .having(moved != 0)
    )
    return {(currency, team): amount for currency, team, amount in session.execute(statement)}


def billing_periods_with_figures(session: Session) -> tuple[date, ...]:
    """The starts of the billing periods that have a live load or a statement, newest first."""
    loads = select(Load.billing_period_start.label("start")).where(Load.state == "live")
    periods = loads.union(select(Statement.billing_period_start)).subquery()
    return tuple(session.scalars(select(periods.c.start).order_by(periods.c.start.desc())))
