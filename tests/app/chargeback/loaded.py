"""Live loads written straight into the tables that ingesting writes, so that a law can look at many small months."""

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.db.load import CHARGE_COLUMNS, attach, copy_charges, create_load_table, upsert_keys
from app.db.load_driver import copy_drivers
from app.db.tables.bills import Delivery, Load, Source
from app.domain.charge import COSTS, KEY_COLUMNS
from tests.app.chargeback.reference_policy import Charge
from tests.app.chargeback.reference_pools import Quantity


def add_source(session: Session, name: str) -> int:
    """The id of a new source."""
    return int(session.scalars(insert(Source).values(name=name, kind="focus", config={}).returning(Source.id)).one())


def add_load(
    session: Session, source_id: int, period: date, charges: Sequence[Charge], quantities: Iterable[Quantity] = ()
) -> int:
    """The id of a new live load of a billing period, with its charges and drivers."""
    delivery = Delivery(
        source_id=source_id,
        sha256="",
        format="focus",
        files=[],
        control_totals=[],
        state="loaded",
        rows_in=len(charges),
    )
    session.add(delivery)
    session.flush()
    load = Load(
        source_id=source_id,
        delivery_id=delivery.id,
        billing_period_start=period,
        state="live",
        rows_loaded=len(charges),
        first_charge_day=min((charge.day for charge in charges), default=period),
        last_charge_day=max((charge.day for charge in charges), default=period),
        billing_account_ids=[],
        totals=[],
    )
    session.add(load)
    session.flush()
    table = create_load_table(session, load.id, period)
    copy_charges(session, table, _csv(session, charges))
    attach(session, table, load.id, period)
    copy_drivers(
        session,
        load.id,
        [
            (row.day, row.driver, row.unit, row.provider, json.dumps(dict(row.dimensions)), row.quantity)
            for row in quantities
        ],
    )
    return load.id


def _csv(session: Session, charges: Sequence[Charge]) -> io.BytesIO:
    """The charges as they are copied in, a row of a bill each."""
    keys = {charge: _key(charge) for charge in charges}
    ids = upsert_keys(session, {key[0]: key for key in keys.values()}.values())
    lines = []
    for charge in charges:
        cells: dict[str, object] = {
            "charge_day": charge.day,
            "charge_key_id": ids[keys[charge][0]],
            "row_count": charge.rows,
            "consumed_quantity": _text(charge.consumed_quantity),
            "pricing_quantity": _text(charge.pricing_quantity),
        }
        for cost in COSTS:
            amount = charge.costs.get(cost)
            cells |= {cost: _text(amount), f"{cost}_missing": charge.rows if amount is None else ""}
        lines.append(",".join(str(cells.get(name, "")) for name in CHARGE_COLUMNS))
    return io.BytesIO("".join(f"{line}\n" for line in lines).encode())


def _key(charge: Charge) -> tuple[bytes, list[str | None], str, str]:
    values = [charge.columns.get(name) for name in KEY_COLUMNS]
    tags, extras = (json.dumps(dict(sorted(each.items()))) for each in (charge.tags, charge.extras))
    return hashlib.sha256(json.dumps([values, tags, extras]).encode()).digest(), values, tags, extras


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")
