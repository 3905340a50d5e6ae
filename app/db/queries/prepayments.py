"""Reads of charges by what tells billed and effective cost apart: commitments, services, categories, invoices."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Numeric, Select, cast, func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Load
from app.db.tables.charges import Charge, ChargeKey
from app.domain.prepayments import ChargeSum

_KEY = ChargeKey.__table__.c
_GROUPS = (
    _KEY.billing_currency,
    _KEY.invoice_issuer_name,
    _KEY.invoice_id,
    _KEY.commitment_discount_id,
    _KEY.commitment_discount_name,
    _KEY.service_name,
    _KEY.charge_category,
)


def charge_sums(session: Session, loads: Sequence[int], *, of_commitments: bool = False) -> list[ChargeSum]:
    """The charges of `loads`, superseded ones too; with `of_commitments`, only what buys or uses commitments."""
    if not loads:
        return []
    periods = session.scalars(select(Load.billing_period_start).where(Load.id.in_(loads)).distinct()).all()
    statement = _sums(loads, periods, of_commitments=of_commitments)
    return [ChargeSum(*row) for row in session.execute(statement)]


def _sums(loads: Sequence[int], periods: Sequence[Any], *, of_commitments: bool) -> Select[Any]:
    charge = Charge.__table__.c
    # Few keys are of commitments: who wants these alone should not sum up years of all others.
    commitments = select(_KEY.id).where(_KEY.commitment_discount_id.is_not(None))
    wanted = (charge.charge_key_id.in_(commitments),) if of_commitments else ()
    missing = func.greatest(
        func.coalesce(charge.billed_cost_missing, 0), func.coalesce(charge.effective_cost_missing, 0)
    )
    # By key first: the charges are many, and their keys carry long rows.
    of_keys = (
        select(
            charge.charge_key_id,
            func.coalesce(func.sum(charge.billed_cost), 0).label("billed_cost"),
            func.coalesce(func.sum(charge.effective_cost), 0).label("effective_cost"),
            func.sum(missing).label("missing"),
        )
        # By value, so that Postgres opens only the partitions of these loads.
        .where(charge.load_id.in_(loads), charge.billing_period_start.in_(periods), *wanted)
        .group_by(charge.charge_key_id)
        .subquery("of_keys")
    )
    return (
        select(
            *_GROUPS,
            func.trim_scale(func.sum(of_keys.c.billed_cost), type_=Numeric),
            func.trim_scale(func.sum(of_keys.c.effective_cost), type_=Numeric),
            cast(func.sum(of_keys.c.missing), BigInteger),
        )
        .join(ChargeKey, _KEY.id == of_keys.c.charge_key_id)
        .group_by(*_GROUPS)
    )
