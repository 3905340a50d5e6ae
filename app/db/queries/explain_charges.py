"""The charges behind a figure, by charge key and the rule that owns them, with what is paid of each; as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Numeric,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from app.db.queries.conditions import TeamTest, keeps, paying_test
from app.db.queries.facts import dimension_column
from app.db.queries.question import TEAM, Condition
from app.db.tables.bills import Load
from app.db.tables.charges import Charge, ChargeKey
from app.db.tables.policy import Assignment
from app.domain.charge import Metric
from app.domain.statement import CostType

_NOTHING = cast(null(), Text)


@dataclass(frozen=True)
class PoolPart:
    """The share of a pool that a team pays in a billing period and currency."""

    billing_period_start: date
    billing_currency: str
    pool_id: str
    team_id: str
    share: Decimal


@dataclass(frozen=True)
class Selection:
    """The charges behind a figure, on what they rest, and who may see them.

    `filters` are on the team, on columns of a charge key and tags, and on what only a statement line has: `pool_id`,
    `cost_type`, `unit` and `adjusts_period`.
    """

    metric: Metric
    loads: Sequence[int]
    periods: Sequence[date]
    policy_version: int | None
    parts: Sequence[PoolPart]
    charge_cost_type: str  # SQL over the columns of a charge key
    filters: Sequence[Condition] = ()
    first_day: date | None = None
    end_day: date | None = None
    charge_key: int | None = None
    visible: frozenset[str] | None = None


def leaves(selection: Selection) -> CTE:
    """The leaves of a figure: a row for each charge key while one rule owns it, and what is paid of it."""
    test = paying_test(selection.filters, selection.visible)
    payer = payers(selection, test)
    owned = owned_keys(selection, payer, test)
    summed = _costs(selection, owned)
    same_pool = and_(
        payer.c.billing_period_start == summed.c.billing_period_start,
        payer.c.billing_currency == owned.c.billing_currency,
        payer.c.pool_id == owned.c.pool_id,
    )
    share = case((payer.c.share.is_(None), 1), else_=payer.c.share)
    # A pool that nobody shares in the period and currency is unallocated.
    paid = case((owned.c.pool_id.is_(None), True), (payer.c.share.is_(None), test(_NOTHING)), else_=payer.c.share > 0)
    statement = (
        select(
            summed.c.billing_period_start,
            summed.c.charge_key,
            owned.c.billing_currency.label("currency"),
            summed.c.first_day,
            summed.c.last_day,
            owned.c.rule,
            owned.c.team_id,
            owned.c.pool_id,
            owned.c.cost_type,
            func.trim_scale(share, type_=Numeric).label("share"),
            func.trim_scale(summed.c.cost, type_=Numeric).label("cost"),
            func.trim_scale(summed.c.cost * share, type_=Numeric).label("amount"),
            summed.c.row_count,
            summed.c.rows_without_value,
        )
        .join(owned, and_(owned.c.charge_key == summed.c.charge_key, owned.c.valid_from == summed.c.valid_from))
        .outerjoin(payer, same_pool)
        .where(paid)
    )
    return statement.cte("leaf")


def payers(selection: Selection, test: TeamTest) -> CTE:
    """What those who pass `test` pay of each pool together; zero where only others do."""
    names = ("billing_period_start", "billing_currency", "pool_id", "team_id", "share")
    types: tuple[TypeEngine[Any], ...] = (Date(), Text(), Text(), Text(), Numeric())
    columns: list[ColumnElement[Any]] = [
        literal([getattr(part, name) for part in selection.parts], ARRAY(kind))
        for name, kind in zip(names, types, strict=True)
    ]
    part = (
        func.unnest(*columns)
        .table_valued(*(column(name, kind) for name, kind in zip(names, types, strict=True)))
        .render_derived("part")
    )
    groups = (part.c.billing_period_start, part.c.billing_currency, part.c.pool_id)
    share = func.coalesce(func.sum(part.c.share).filter(test(part.c.team_id)), 0)
    return select(*groups, share.label("share")).group_by(*groups).cte("payer")


def owned_keys(selection: Selection, payer: CTE, test: TeamTest) -> CTE:
    """Charge keys with those who own them and from when to when, that may belong to the figure."""
    key, owner = ChargeKey.__table__.c, Assignment.__table__.c
    charged: ColumnElement[str] = literal_column(selection.charge_cost_type, Text)
    # What a pool shares stays tax, credit, … if it is one; see `app.domain.drafting`.
    kind = case(
        (and_(owner.pool_id.is_not(None), charged == CostType.DIRECT.value), CostType.SHARED.value), else_=charged
    )
    unit = func.coalesce(key.consumed_unit, key.pricing_unit)
    # A charge corrects no closed period; only lines do.
    lines = {"pool_id": owner.pool_id, "cost_type": kind, "unit": unit, "adjusts_period": _NOTHING}
    conditions = [
        keeps(each, lines[each.dimension] if each.dimension in lines else dimension_column(each.dimension))
        for each in selection.filters
        if each.dimension != TEAM
    ]
    if selection.charge_key is not None:
        conditions.append(key.id == selection.charge_key)
    days = select(func.min(Load.first_charge_day), func.max(Load.last_charge_day)).where(Load.id.in_(selection.loads))
    first, last = (days.with_only_columns(column).scalar_subquery() for column in days.selected_columns)
    owns = and_(
        owner.policy_version_id == selection.policy_version,
        owner.charge_key_id == key.id,
        # Most keys have had owners that the days of these loads do not meet.
        owner.valid_from <= last,
        owner.valid_to > first,
    )
    payable = or_(
        and_(owner.pool_id.is_(None), test(owner.team_id)),
        owner.pool_id.in_(select(payer.c.pool_id).where(payer.c.share > 0)),
        and_(owner.pool_id.is_not(None), test(_NOTHING)),  # if nobody shares it
    )
    return (
        select(
            key.id.label("charge_key"),
            key.billing_currency,
            func.coalesce(owner.valid_from, literal_column("'-infinity'::date")).label("valid_from"),
            func.coalesce(owner.valid_to, literal_column("'infinity'::date")).label("valid_to"),
            owner.rule,
            owner.team_id,
            owner.pool_id,
            kind.label("cost_type"),
        )
        .select_from(ChargeKey.__table__.outerjoin(Assignment.__table__, owns))
        .where(payable, *conditions)
        .cte("owned")
    )


def _costs(selection: Selection, owned: CTE) -> CTE:
    """The charges of `owned` keys, added up while one rule owns them."""
    charge = Charge.__table__.c
    groups = (charge.billing_period_start, charge.charge_key_id.label("charge_key"), owned.c.valid_from)
    return (
        select(
            *groups,
            func.coalesce(func.sum(charge[selection.metric]), 0).label("cost"),
            func.sum(charge.row_count).label("row_count"),
            func.coalesce(func.sum(charge[f"{selection.metric}_missing"]), 0).label("rows_without_value"),
            func.min(charge.charge_day).label("first_day"),
            func.max(charge.charge_day).label("last_day"),
        )
        .join(owned, while_owned(owned))
        .where(*of_loads(selection))
        .group_by(charge.billing_period_start, charge.charge_key_id, owned.c.valid_from)
        .cte("summed")
    )


def while_owned(owned: CTE) -> ColumnElement[bool]:
    charge = Charge.__table__.c
    return and_(
        owned.c.charge_key == charge.charge_key_id,
        charge.charge_day >= owned.c.valid_from,
        charge.charge_day < owned.c.valid_to,
    )


def of_loads(selection: Selection) -> list[ColumnElement[bool]]:
    """By value, so that Postgres opens only the partitions of these loads."""
    charge = Charge.__table__.c
    conditions: list[ColumnElement[bool]] = [
        charge.load_id.in_(selection.loads),
        charge.billing_period_start.in_(selection.periods),
    ]
    if selection.first_day:
        conditions.append(charge.charge_day >= selection.first_day)
    if selection.end_day:
        conditions.append(charge.charge_day < selection.end_day)
    return conditions
