"""Reads about loads that booking rests on: what is live, and what bills the same account."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Load, Source
from app.domain.money import EXACT, ZERO


@dataclass(frozen=True)
class Overlap:
    """A live load of another source that holds a billing account which a load holds too."""

    load_id: int
    source: str
    estimates: bool
    billing_account_ids: Sequence[str]  # those that both hold


def live_load(session: Session, source_id: int, period: date) -> Load | None:
    """The live load of a source in a billing period."""
    return session.scalars(
        select(Load).where(Load.source_id == source_id, Load.billing_period_start == period, Load.state == "live")
    ).first()


def overlapping(session: Session, load: Load) -> list[Overlap]:
    """The live loads of other sources that bill an account of `load` in its period, by source."""
    statement = (
        select(Load.id, Source.name, Delivery.estimates, Load.billing_account_ids)
        .join(Source, Source.id == Load.source_id)
        .join(Delivery, Delivery.id == Load.delivery_id)
        .where(
            Load.state == "live",
            Load.source_id != load.source_id,
            Load.billing_period_start == load.billing_period_start,
            Load.billing_account_ids.overlap(load.billing_account_ids),
        )
        .order_by(Source.name)
    )
    ours = set(load.billing_account_ids)
    return [
        Overlap(load_id, source, estimates, sorted(ours & set(accounts)))
        for load_id, source, estimates, accounts in session.execute(statement)
    ]


def accepted(session: Session, live: Load) -> frozenset[int]:
    """The loads that a source's live load overlaps with already: somebody has allowed that."""
    return frozenset(each.load_id for each in overlapping(session, live))


def has_loads(session: Session, source_id: int) -> bool:
    """Whether anything of a source was ever booked."""
    return session.scalars(select(Load.id).where(Load.source_id == source_id).limit(1)).first() is not None


def holds_charges(session: Session, source_id: int, start: date, end: date) -> bool:
    """Whether charges of a source are live in a billing period from `start` up to, not including, `end`."""
    statement = select(Load.id).where(
        Load.source_id == source_id,
        Load.state == "live",
        Load.billing_period_start >= start,
        Load.billing_period_start < end,
        func.jsonb_array_length(Load.totals) > 0,
    )
    return session.scalars(statement.limit(1)).first() is not None


def billed_by_currency(session: Session, loads: Collection[int]) -> dict[str, Decimal]:
    """What the charges of `loads` come to as they were billed, by currency."""
    billed: dict[str, Decimal] = {}
    for totals in session.scalars(select(Load.totals).where(Load.id.in_(loads))):
        for each in totals:
            amount = Decimal(each["billed_cost"] or 0)
            billed[each["billing_currency"]] = EXACT.add(billed.get(each["billing_currency"], ZERO), amount)
    return billed
