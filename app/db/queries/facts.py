"""Live charges with their dimensions and owner: what answers the questions that no roll-up can."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, select
from sqlalchemy.orm import Session

from app.db.queries.question import TAG, TEAM, Question, asked_dimensions
from app.db.tables.bills import Load
from app.db.tables.charges import Charge, ChargeKey
from app.db.tables.policy import Assignment, PolicyVersion
from app.domain.charge import Axis


def facts(session: Session, question: Question) -> Subquery:
    """Live charges of the span, as a roll-up by day that has every dimension the question asks for."""
    charge, key = Charge.__table__.c, ChargeKey.__table__.c
    loads, periods = live_loads(session, question)
    names = [name for name in asked_dimensions(question) if name != TEAM]
    statement = (
        select(
            charge.billing_period_start,
            charge.charge_day,
            key.billing_currency,
            Assignment.team_id,
            Assignment.pool_id,
            charge[question.metric],
            charge[f"{question.metric}_missing"],
            *(dimension_column(name).label(name) for name in names),
        )
        .join(ChargeKey, key.id == charge.charge_key_id)
        .outerjoin(
            Assignment,
            and_(
                Assignment.policy_version_id == session.scalar(select(func.max(PolicyVersion.id))),
                Assignment.charge_key_id == charge.charge_key_id,
                Assignment.valid_from <= charge.charge_day,
                Assignment.valid_to > charge.charge_day,
            ),
        )
        # By value, so that Postgres opens only the partitions of these loads.
        .where(charge.load_id.in_(loads), charge.billing_period_start.in_(periods))
    )
    return statement.subquery("facts")


def dimension_column(name: str) -> ColumnElement[Any]:
    key = ChargeKey.__table__.c
    if name.startswith(TAG):
        return func.nullif(key.tags.op("->>")(name.removeprefix(TAG)), "")
    return key[name]


def live_loads(session: Session, question: Question) -> tuple[list[int], list[date]]:
    """The live loads that can hold charges of the span, and their billing periods."""
    statement = select(Load.id, Load.billing_period_start).where(Load.state == "live")
    if question.axis is Axis.BILLING:
        statement = statement.where(
            Load.billing_period_start >= question.start, Load.billing_period_start < question.end
        )
    else:
        statement = statement.where(Load.first_charge_day < question.end, Load.last_charge_day >= question.start)
    found = session.execute(statement).all()
    return [load for load, _ in found], sorted({period for _, period in found})
