"""Reads about what GPUs cost: by resource, hour and owner, and what they come to in a billing period."""

from collections.abc import Collection
from datetime import UTC, date
from typing import Any

from sqlalchemy import Date, Select, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from app.db.gpu_catalogue import gpu_catalogue
from app.db.queries.policy import newest_policy
from app.db.tables.bills import Load
from app.db.tables.charges import ChargeKey
from app.db.tables.gpu import GpuPrice
from app.db.tables.policy import Assignment
from app.domain.gpu.charges import CELLS, beside_charge, named_charge
from app.domain.gpu.price import GpuCost, PricedHour
from app.domain.gpu.priced_resources import KeyPrice, Metered, priced_resources


def priced_hours(session: Session, period: date) -> list[PricedHour]:
    """What the GPUs of the live bills of a billing period (its first day) came to, in the order of time.

    The owner is that of the policy in force, before sharing, as roll-ups have it; a charge key that it never judged
    belongs to nobody. Their costs add up to `gpu_cost`, by currency.
    """
    keys = _keys(session, period)
    policy = newest_policy(session)
    day = cast(func.timezone("UTC", GpuPrice.hour), Date)
    owned = and_(
        Assignment.policy_version_id == (policy.id if policy else None),
        Assignment.charge_key_id == GpuPrice.charge_key_id,
        Assignment.valid_from <= day,
        Assignment.valid_to > day,
    )
    columns = (GpuPrice.hour, GpuPrice.is_daily, GpuPrice.effective_cost, GpuPrice.node_hours)
    statement = (
        _live(select(GpuPrice.charge_key_id, *columns, Assignment.team_id, Assignment.pool_id), period)
        .outerjoin(Assignment, owned)
        .order_by(GpuPrice.hour, GpuPrice.charge_key_id, GpuPrice.load_id)
    )
    prices = [KeyPrice(keys[key], hour.astimezone(UTC), *rest) for key, hour, *rest in session.execute(statement)]
    return priced_resources(prices, period)


def gpu_cost(session: Session, period: date) -> list[GpuCost]:
    """The GPU part of the live bills of a billing period (its first day), by currency: effective cost."""
    statement = (
        _live(
            select(ChargeKey.__table__.c.billing_currency, func.trim_scale(func.sum(GpuPrice.effective_cost))), period
        )
        .join(ChargeKey, ChargeKey.id == GpuPrice.charge_key_id)
        .group_by(ChargeKey.__table__.c.billing_currency)
        .order_by(ChargeKey.__table__.c.billing_currency)
    )
    return [GpuCost(*row) for row in session.execute(statement)]


def has_gpu_prices(session: Session, period: date) -> bool:
    """Whether the live bills of a billing period (its first day) have a charge for GPUs."""
    return session.scalar(_live(select(GpuPrice.load_id), period).limit(1)) is not None


def moves_gpu_prices(session: Session, loads: Collection[int]) -> bool:
    """Whether any of `loads`, or of those whose place they took, has a charge for GPUs."""
    bears = or_(Load.id.in_(loads), Load.superseded_by.in_(loads))
    statement = select(GpuPrice.load_id).join(Load, Load.id == GpuPrice.load_id).where(bears).limit(1)
    return session.scalar(statement) is not None


def _live(statement: Select[*tuple[Any, ...]], period: date) -> Select[*tuple[Any, ...]]:
    """`statement` on the prices of the live loads of a billing period."""
    live = and_(Load.id == GpuPrice.load_id, Load.state == "live", Load.billing_period_start == period)
    return statement.select_from(GpuPrice).join(Load, live)


def _keys(session: Session, period: date) -> dict[int, Metered]:
    """The charge keys that prices are of. One that the catalogue knows no more is what runs beside GPUs."""
    catalogue = gpu_catalogue()
    priced = _live(select(GpuPrice.charge_key_id), period).distinct()
    columns = (ChargeKey.__table__.c[name] for name in CELLS)
    statement = select(ChargeKey.id, ChargeKey.__table__.c.billing_currency, *columns).where(ChargeKey.id.in_(priced))
    found = {}
    for key, currency, *values in session.execute(statement):
        cells = dict(zip(CELLS, values, strict=True))
        charge = named_charge(cells, catalogue) or beside_charge(cells)
        found[key] = Metered(charge, cells["resource_id"], currency)
    return found
