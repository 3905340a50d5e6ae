"""Pricing the GPUs of bills that are live already."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.chargeback.gpu_waste import post_waste
from app.chargeback.posting import lock_posting
from app.db.dataset import count_change
from app.db.gpu_pricing import price_by_day
from app.db.tables.bills import Load
from app.domain.viewer import Scope, Viewer


@dataclass(frozen=True)
class PricedLoads:
    """What pricing changed: how many charge keys got a price, and the billing periods that they are in."""

    charge_keys: int
    periods: tuple[date, ...]


def price_gpus(session: Session, viewer: Viewer) -> PricedLoads:
    """Gives a price by day to what is for GPUs on live bills and has none.

    That is bills of before prices were kept, and machines that the catalogue has learnt of since. A bill that is
    ingested gets its prices by itself, and by the hour where it is hourly.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    lock_posting(session)
    live = session.scalars(
        select(Load)
        .where(Load.state == "live", func.jsonb_array_length(Load.totals) > 0)
        .order_by(Load.billing_period_start, Load.id)
    )
    found = [(load.billing_period_start, price_by_day(session, load)) for load in live]
    priced = PricedLoads(sum(keys for _, keys in found), tuple(sorted({period for period, keys in found if keys})))
    if priced.charge_keys:
        post_waste(session, priced.periods)
        count_change(session)
        periods = [f"{period:%Y-%m}" for period in priced.periods]
        record(session, viewer, "gpu.price", "live bills", charge_keys=priced.charge_keys, periods=periods)
    return priced
