"""Reads of what the statements of earlier billing periods rest on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.queries.statements import BINDING
from app.db.tables.bills import Load
from app.db.tables.statements import Statement, StatementLine
from app.domain.statement import StatementState


def binding_before(session: Session, period: date) -> Sequence[Statement]:
    """The statement that counts for each billing period before `period`, by period."""
    rank = {state: place for place, state in enumerate(BINDING)}
    statement = select(Statement).where(
        Statement.billing_period_start < period, Statement.state.in_([state.value for state in BINDING])
    )
    found: dict[date, Statement] = {}
    for each in sorted(session.scalars(statement), key=lambda each: rank[StatementState(each.state)]):
        found.setdefault(each.billing_period_start, each)
    return [found[start] for start in sorted(found)]


@dataclass(frozen=True)
class Correction:
    """What a statement says a closed billing period rested on before, and rests on now."""

    period: date
    causes: Mapping[str, Any]


def corrections_in(session: Session, statements: Iterable[int]) -> list[Correction]:
    """The corrections in some statements, each once."""
    statement = (
        select(StatementLine.statement_id, StatementLine.adjusts_period, StatementLine.causes)
        .where(StatementLine.statement_id.in_(list(statements)), StatementLine.adjusts_period.is_not(None))
        .distinct()
    )
    return [Correction(period, causes) for _, period, causes in session.execute(statement) if period is not None]


def live_loads_before(session: Session, period: date) -> dict[date, list[int]]:
    """The live loads of each billing period before `period`."""
    statement = select(Load.billing_period_start, Load.id).where(
        Load.billing_period_start < period, Load.state == "live"
    )
    found: dict[date, list[int]] = {}
    for start, load in session.execute(statement.order_by(Load.id)):
        found.setdefault(start, []).append(load)
    return found


def closed_ids(session: Session, periods: Iterable[date]) -> dict[date, int]:
    """The closed statement of each of `periods` that has one."""
    statement = select(Statement.billing_period_start, Statement.id).where(
        Statement.billing_period_start.in_(list(periods)), Statement.state == StatementState.CLOSED.value
    )
    found = session.execute(statement).all()
    return {row.billing_period_start: row.id for row in found}
