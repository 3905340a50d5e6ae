"""Reads of what restated bills changed, by load."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Numeric, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import BigInteger

from app.db.tables.bills import Load, LoadDifference, Source


@dataclass(frozen=True)
class Change:
    """What a load changed in one currency against the loads it replaced."""

    load_id: int
    source: str
    billing_period_start: date
    created_at: datetime
    state: str
    billing_currency: str
    lines: int  # owners and services that changed
    billed_cost_change: Decimal
    effective_cost_change: Decimal


def changes(session: Session, teams: Collection[str] | None, *, limit: int) -> list[Change]:
    """The changes of the `limit` newest loads that changed something, by billing period and newest first.

    Of `teams` alone, unless that is None.
    """
    after, before = LoadDifference.billed_cost_after, LoadDifference.billed_cost_before
    now, then = LoadDifference.effective_cost_after, LoadDifference.effective_cost_before
    seen = () if teams is None else (LoadDifference.team_id.in_(sorted(teams)),)
    newest = select(LoadDifference.load_id).where(*seen).distinct().order_by(LoadDifference.load_id.desc()).limit(limit)
    groups = (
        Load.id,
        Source.name,
        Load.billing_period_start,
        Load.created_at,
        Load.state,
        LoadDifference.billing_currency,
    )
    statement = (
        select(
            *groups,
            func.count(),
            func.trim_scale(func.sum(after - before), type_=Numeric),
            func.trim_scale(func.sum(now - then), type_=Numeric),
        )
        .join(Load, Load.id == LoadDifference.load_id)
        .join(Source, Source.id == Load.source_id)
        .where(*seen, LoadDifference.load_id.in_(newest))
        .group_by(*groups)
        .order_by(Load.billing_period_start.desc(), Load.id.desc(), LoadDifference.billing_currency)
    )
    return [Change(*row) for row in session.execute(statement)]


def replaced_loads(session: Session, loads: Collection[int]) -> dict[int, list[int]]:
    """The loads that each of `loads` took the place of; an estimate that was never live gave no place up."""
    replaced = aliased(Load)
    ids = func.array_agg(aggregate_order_by(replaced.id, replaced.id), type_=ARRAY(BigInteger))
    statement = (
        select(replaced.superseded_by, ids)
        .where(replaced.superseded_by.in_(sorted(loads)), replaced.superseded_at.is_not(None))
        .group_by(replaced.superseded_by)
    )
    return {load: list(found) for load, found in session.execute(statement) if load is not None}
