"""Reads of live charges by who provided, published and invoiced them."""

from datetime import date

from sqlalchemy import BigInteger, Boolean, Numeric, cast, func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Load, Source
from app.db.tables.charges import Charge, ChargeKey
from app.domain.double_counting import VendorCost


def vendor_costs(session: Session, period: date) -> list[VendorCost]:
    """What each source's live load of a billing period holds, by vendor and service; estimates count like bills."""
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    live = select(Load.id).where(Load.state == "live", Load.billing_period_start == period)
    # By key first: the charges are many, and their keys carry long rows.
    of_keys = (
        select(
            charge.load_id,
            charge.charge_key_id,
            func.sum(charge.billed_cost).label("billed_cost"),
            func.sum(charge.effective_cost).label("effective_cost"),
            func.sum(charge.row_count).label("row_count"),
        )
        # By value, so that Postgres opens only the partitions of these loads.
        .where(charge.load_id.in_(list(session.scalars(live))), charge.billing_period_start == period)
        .group_by(charge.load_id, charge.charge_key_id)
        .subquery("of_keys")
    ).c
    groups = (
        Source.name,
        func.coalesce(cast(Source.config["allow_overlap"].astext, Boolean), False),
        key.service_provider_name,
        key.publisher_name,
        key.invoice_issuer_name,
        key.service_name,
        key.billing_currency,
    )
    statement = (
        select(
            *groups,
            func.trim_scale(func.sum(of_keys.billed_cost), type_=Numeric),
            func.trim_scale(func.sum(of_keys.effective_cost), type_=Numeric),
            cast(func.sum(of_keys.row_count), BigInteger),
        )
        .join(ChargeKey, key.id == of_keys.charge_key_id)
        .join(Load, Load.id == of_keys.load_id)
        .join(Source, Source.id == Load.source_id)
        .group_by(Source.id, *groups[2:])
    )
    return [VendorCost(*row) for row in session.execute(statement)]


def charged_periods(session: Session) -> list[date]:
    """The billing periods in which more than one source has live charges, the newest first."""
    start = Load.billing_period_start
    statement = (
        select(start)
        .where(Load.state == "live", func.jsonb_array_length(Load.totals) > 0)
        .group_by(start)
        .having(func.count() > 1)
        .order_by(start.desc())
    )
    return list(session.scalars(statement))
