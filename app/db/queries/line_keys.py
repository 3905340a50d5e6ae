"""The way from a question to line items: charge keys, of which loads and days, and what part of them is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import keeps, team_test
from app.db.queries.facts import dimension_column, live_loads
from app.db.queries.question import TEAM, Question
from app.db.queries.sharing import shared
from app.db.tables.bills import Delivery, Load, LoadDelivery, Source
from app.db.tables.charges import Charge, ChargeKey
from app.db.tables.policy import Assignment, PolicyVersion


@dataclass(frozen=True)
class DetailOfLoad:
    """Where line items of a live load are: in one of its deliveries."""

    load_id: int
    source: str
    delivery_sha256: str
    billing_period_start: date
    received_at: datetime  # when that delivery came in


@dataclass(frozen=True)
class WantedKey:
    """A charge key of a load, between two days (the second exclusive), and the share of it that is asked for."""

    load_id: int
    charge_key_id: int
    first_day: date
    end_day: date
    share: Decimal


def details(session: Session, question: Question) -> list[DetailOfLoad]:
    """The live loads that can hold line items of the question's span."""
    loads, _ = live_loads(session, question)
    return details_of(session, loads)


def details_of(session: Session, loads: Sequence[int]) -> list[DetailOfLoad]:
    """Where the line items of `loads` are, live or not, by billing period and load."""
    statement = (
        select(Load.id, Source.name, Delivery.sha256, Load.billing_period_start, Delivery.received_at)
        .join(Source, Source.id == Load.source_id)
        .join(LoadDelivery, LoadDelivery.load_id == Load.id)
        .join(Delivery, Delivery.id == LoadDelivery.delivery_id)
        .where(Load.id.in_(loads))
        .order_by(Load.billing_period_start, Load.id, Delivery.id)
    )
    return [DetailOfLoad(*row) for row in session.execute(statement)]


def wanted_keys(session: Session, question: Question, *, visible: frozenset[str] | None) -> list[WantedKey]:
    """The charge keys that pass the question's filters, with the days on which the same owner has them."""
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    loads, periods = live_loads(session, question)
    present = (
        select(
            charge.load_id,
            charge.billing_period_start,
            charge.charge_key_id,
            func.min(charge.charge_day).label("first_day"),
            (func.max(charge.charge_day) + 1).label("end_day"),
        )
        .where(charge.load_id.in_(loads), charge.billing_period_start.in_(periods))
        .group_by(charge.load_id, charge.billing_period_start, charge.charge_key_id)
        .subquery("present")
    )
    owned = (
        select(
            present.c.load_id,
            present.c.billing_period_start,
            present.c.charge_key_id,
            key.billing_currency,
            Assignment.team_id,
            Assignment.pool_id,
            # Cut to days that occur, because Python's dates do not know infinity.
            func.greatest(present.c.first_day, Assignment.valid_from).label("first_day"),
            func.least(present.c.end_day, Assignment.valid_to).label("end_day"),
        )
        .join(ChargeKey, key.id == present.c.charge_key_id)
        .outerjoin(
            Assignment,
            and_(
                Assignment.policy_version_id == session.scalar(select(func.max(PolicyVersion.id))),
                Assignment.charge_key_id == present.c.charge_key_id,
                Assignment.valid_from < present.c.end_day,
                Assignment.valid_to > present.c.first_day,
            ),
        )
        .where(*(keeps(each, dimension_column(each.dimension)) for each in question.filters if each.dimension != TEAM))
        .subquery("owned")
    )
    test = team_test(question, visible)
    paid = shared(owned, test)
    columns = (owned.c.load_id, owned.c.charge_key_id, owned.c.first_day, owned.c.end_day)
    statement = select(*columns, func.sum(paid.share)).select_from(paid.rows).where(test(paid.team)).group_by(*columns)
    return [WantedKey(*row) for row in session.execute(statement)]
