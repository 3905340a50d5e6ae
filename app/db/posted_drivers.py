"""Posted quantities: what is live under a key, and a load in which some are others."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import ARRAY, Row, Text, cast, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.db.load_addition import carry_deliveries, carry_drivers
from app.db.load_driver import copy_drivers
from app.db.queries.loads import live_load
from app.db.tables.bills import Delivery, Load, LoadDelivery
from app.db.tables.charges import Driver
from app.domain.posted_quantity import PostedQuantity

LiveQuantity = Row[str, date, date, str, str, str | None, dict[str, object], Decimal]


def live_quantities(session: Session, source_id: int, keys: Iterable[str]) -> Sequence[LiveQuantity]:
    """Key, billing period, day, name, unit, provider, dimensions and quantity of what is live under `keys`."""
    asked = select(func.unnest(cast(list(keys), ARRAY(Text))).label("key")).subquery()
    columns = (Driver.day, Driver.name, Driver.unit, Driver.service_provider_name, Driver.dimensions, Driver.quantity)
    statement = (
        select(Driver.key, Load.billing_period_start, *columns)
        .join(Load, Load.id == Driver.load_id)
        .join(asked, asked.c.key == Driver.key)
        .where(Load.source_id == source_id, Load.state == "live")
    )
    return session.execute(statement).all()  # type: ignore[return-value]


def replace_quantities(
    session: Session, delivery: Delivery, period: date, *, gone: Sequence[str], added: Sequence[PostedQuantity]
) -> Load:
    """The source's live load of a billing period, without the keys `gone` and with the quantities `added`, made live.

    The load before is superseded and stays. It has no charges of its own, so it needs no table for them.
    """
    before = live_load(session, delivery.source_id, period)
    load = Load(
        source_id=delivery.source_id,
        delivery_id=delivery.id,
        billing_period_start=period,
        state="superseded",  # until the other is
        rows_loaded=0,
        totals=[],
        first_charge_day=period,
        last_charge_day=period,
        billing_account_ids=[],
    )
    session.add(load)
    session.flush()
    session.add(LoadDelivery(load_id=load.id, delivery_id=delivery.id))
    session.flush()
    if before:
        carry_drivers(session, before=before.id, after=load.id, without=gone)
        carry_deliveries(session, before=before.id, after=load.id)
    copy_drivers(
        session,
        load.id,
        (
            (each.day, each.name, each.unit, each.service_provider_name, each.dimensions, each.quantity)
            for each in added
            if each.quantity is not None
        ),
        (each.key for each in added),
    )
    swap_load(session, before, load)
    return load


def swap_load(session: Session, before: Load | None, load: Load) -> None:
    """Makes `load`, which has drivers alone, live in place of the one before, which stays."""
    days = select(func.min(Driver.day), func.max(Driver.day)).where(Driver.load_id == load.id)
    for first, last in session.execute(days.having(func.count() > 0)):
        load.first_charge_day, load.last_charge_day = first, last
    if before:
        gone = {"state": "superseded", "superseded_by": load.id, "superseded_at": now()}
        session.execute(update(Load).where(Load.id == before.id).values(gone))
    session.flush()  # one load is live at a time
    load.state = "live"
    session.flush()
