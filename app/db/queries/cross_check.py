"""Reads of estimates and of the bills of the same accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Numeric, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from app.db.tables.bills import Delivery, Load, Source
from app.db.tables.charges import Charge, ChargeKey
from app.domain.cross_check import ServiceCost

_TAX = "Tax"


@dataclass(frozen=True)
class AccountLoad:
    """A load, and the billing accounts that it holds charges of."""

    load_id: int
    source: str
    state: str
    created_at: datetime
    last_charge_day: date
    billing_account_ids: tuple[str, ...]


def estimate_loads(session: Session, period: date) -> list[AccountLoad]:
    """The loads of estimates in a billing period, live or not, the newest first."""
    return _loads(session, _all_loads().where(Delivery.estimates, Load.billing_period_start == period))


def bill_loads(session: Session, period: date) -> list[AccountLoad]:
    """The live loads of bills in a billing period, the newest first."""
    live = (~Delivery.estimates, Load.state == "live", Load.billing_period_start == period)
    return _loads(session, _all_loads().where(*live))


def _all_loads() -> Select[int, str, str, datetime, date, list[str]]:
    """What is known of loads, the newest first."""
    return (
        select(Load.id, Source.name, Load.state, Load.created_at, Load.last_charge_day, Load.billing_account_ids)
        .join(Delivery, Delivery.id == Load.delivery_id)
        .join(Source, Source.id == Load.source_id)
        .order_by(Load.id.desc())
    )


def _loads(session: Session, statement: Select[int, str, str, datetime, date, list[str]]) -> list[AccountLoad]:
    return [
        AccountLoad(load, source, state, created_at, last_day, tuple(accounts))
        for load, source, state, created_at, last_day, accounts in session.execute(statement)
    ]


def checkable_periods(session: Session) -> list[date]:
    """The billing periods in which an account has both an estimate and a live bill, the newest first."""
    guess, guessed, bill, billed = aliased(Load), aliased(Delivery), aliased(Load), aliased(Delivery)
    statement = (
        select(guess.billing_period_start)
        .join(guessed, guessed.id == guess.delivery_id)
        .join(bill, bill.billing_period_start == guess.billing_period_start)
        .join(billed, billed.id == bill.delivery_id)
        .where(
            guessed.estimates,
            ~billed.estimates,
            bill.state == "live",
            bill.billing_account_ids.overlap(guess.billing_account_ids),
        )
        .distinct()
        .order_by(guess.billing_period_start.desc())
    )
    return list(session.scalars(statement))


def service_costs(session: Session, loads: Sequence[int], period: date, account: str) -> list[ServiceCost]:
    """What `loads` say of a billing account, by service, sub account and currency; tax is a service of its own."""
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    # By key first: the charges are many, and their keys carry long rows.
    of_keys = (
        select(
            charge.charge_key_id,
            func.sum(charge.billed_cost).label("billed_cost"),
            func.sum(charge.effective_cost).label("effective_cost"),
        )
        # By value, so that Postgres opens only the partitions of these loads.
        .where(charge.load_id.in_(list(loads)), charge.billing_period_start == period)
        .group_by(charge.charge_key_id)
        .subquery("of_keys")
    ).c
    # Cost Explorer keeps tax apart from the services that it is on.
    service = case((key.charge_category == _TAX, _TAX), else_=key.service_name)
    groups = (service, key.sub_account_id, key.billing_currency)
    statement = (
        select(
            *groups,
            func.trim_scale(func.sum(of_keys.billed_cost), type_=Numeric),
            func.trim_scale(func.sum(of_keys.effective_cost), type_=Numeric),
        )
        .join(ChargeKey, key.id == of_keys.charge_key_id)
        .where(key.billing_account_id == account)
        .group_by(*groups)
    )
    return [ServiceCost(*row) for row in session.execute(statement)]
