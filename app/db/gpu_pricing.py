"""Prices of GPUs for charges that were booked without: before prices were kept, or before the catalogue knew them.

Of those only the days are known.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db.gpu_catalogue import gpu_catalogue
from app.db.tables.bills import Load
from app.db.tables.charges import Charge, ChargeKey
from app.db.tables.gpu import GpuPrice
from app.domain.gpu.charges import CELLS, gpu_charges, hours_per_unit

_BY_DAY = text("""
INSERT INTO gpu_price (load_id, charge_key_id, hour, is_daily, effective_cost, node_hours)
SELECT load_id, charge_key_id, charge_day::timestamp AT TIME ZONE 'UTC', true, effective_cost,
       round(coalesce(consumed_quantity * consumed, pricing_quantity * priced), 9)
FROM charge JOIN unnest(CAST(:keys AS bigint[]), CAST(:consumed AS numeric[]), CAST(:priced AS numeric[]))
              AS unit (charge_key_id, consumed, priced) USING (charge_key_id)
WHERE billing_period_start = :period AND load_id = :load AND effective_cost IS NOT NULL
""")


def price_by_day(session: Session, load: Load) -> int:
    """Adds prices, by day, for the charge keys of a load that are for GPUs and have none. Returns how many keys."""
    keys = _keys(session, load.id, load.billing_period_start)
    priced = set(session.scalars(select(GpuPrice.charge_key_id).where(GpuPrice.load_id == load.id).distinct()))
    found = {key: charge for key, charge in gpu_charges(keys, gpu_catalogue()).items() if key not in priced}
    if found:
        units = [hours_per_unit(keys[key], charge) for key, charge in found.items()]
        values = {
            "keys": list(found),
            "consumed": [_number(consumed) for consumed, _ in units],
            "priced": [_number(each) for _, each in units],
        }
        session.execute(_BY_DAY, {**values, "load": load.id, "period": load.billing_period_start})
    return len(found)


def _keys(session: Session, load_id: int, period: date) -> dict[int, Mapping[str, Any]]:
    present = (
        select(Charge.charge_key_id).where(Charge.billing_period_start == period, Charge.load_id == load_id).distinct()
    )
    columns = (ChargeKey.__table__.c[name] for name in CELLS)
    rows = session.execute(select(ChargeKey.id, *columns).where(ChargeKey.id.in_(present)))
    return {key: dict(zip(CELLS, values, strict=True)) for key, *values in rows}


def _number(hours: Fraction | None) -> float | None:
    return None if hours is None else float(hours)
