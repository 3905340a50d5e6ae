"""Reads of chargeback statements and their lines."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest, may_see
from app.db.tables import statements as tables
from app.db.tables.statements import Statement
from app.domain.period import Period
from app.domain.statement import CostType, LineKey, StatementLine, StatementState

# What counts for a period, the most binding first.
BINDING = (StatementState.CLOSED, StatementState.ISSUED, StatementState.DRAFT)
EVERY_TEAM = may_see(None)

_LINE = tables.StatementLine.__table__.c
_KEY_NAMES = tuple(field.name for field in fields(LineKey))
_KEY = tuple(_LINE[name] for name in _KEY_NAMES)
_FIGURES = (
    _LINE.share,
    _LINE.quantity,
    _LINE.exact_amount,
    _LINE.amount,
    _LINE.row_count,
    _LINE.rows_without_value,
    _LINE.id,
    _LINE.adjusts_line_id,
    _LINE.causes,
)


def current_statements(session: Session, period: date) -> dict[StatementState, Statement]:
    """A billing period's draft, issued and closed statement, as far as there is one."""
    statement = select(Statement).where(
        Statement.billing_period_start == period, Statement.state != StatementState.WITHDRAWN.value
    )
    # Another transaction may have changed a row that this session has seen before.
    found = session.scalars(statement.execution_options(populate_existing=True))
    return {StatementState(each.state): each for each in found}


def binding_statement(session: Session, period: date) -> Statement | None:
    """The statement that counts for a billing period: the closed one, else the issued one, else the draft."""
    current = current_statements(session, period)
    return next((current[state] for state in BINDING if state in current), None)


def statements_in(session: Session, *states: StatementState) -> Sequence[Statement]:
    """Every statement in one of `states`, by billing period and then in the order they were made."""
    statement = select(Statement).where(Statement.state.in_([state.value for state in states]))
    return session.scalars(statement.order_by(Statement.billing_period_start, Statement.id)).all()


def binding_statements(session: Session, span: Period) -> dict[date, Statement]:
    """The statement that counts for each billing period in `span` that has one."""
    statement = select(Statement).where(
        Statement.billing_period_start >= span.start,
        Statement.billing_period_start < span.end,
        Statement.state.in_([state.value for state in BINDING]),
    )
    found: dict[date, Statement] = {}
    for each in session.scalars(statement.execution_options(populate_existing=True)):
        best = found.get(each.billing_period_start)
        if best is None or _rank(each.state) < _rank(best.state):
            found[each.billing_period_start] = each
    return found


def _rank(state: str) -> int:
    return BINDING.index(StatementState(state))


def statement_lines(
    session: Session, statement_id: int, test: TeamTest = EVERY_TEAM, *, after: int = 0, limit: int | None = None
) -> list[StatementLine]:
    """The lines of a statement that belong to teams which pass `test`, by id; the first `limit` whose id is greater.

    In that order a statement's own lines come as it lists them, and adjustments after them.
    """
    statement = (
        select(*_KEY, *_FIGURES)
        .where(_LINE.statement_id == statement_id, test(_LINE.team_id), _LINE.id > after)
        .order_by(_LINE.id)
        .limit(limit)
    )
    return [_line(row) for row in session.execute(statement)]


def adjusting_lines(session: Session, line_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The ids of the lines that adjust each of `line_ids`, in the statements that count for their periods."""
    statement = (
        select(_LINE.adjusts_line_id, _LINE.id, Statement.billing_period_start, Statement.state)
        .join(Statement, Statement.id == _LINE.statement_id)
        .where(_LINE.adjusts_line_id.in_(line_ids), Statement.state.in_([state.value for state in BINDING]))
        .order_by(Statement.billing_period_start, _LINE.id)
    )
    best: dict[tuple[int, date], tuple[int, int]] = {}  # an issued statement and its draft have the same adjustment
    for line_id, adjusting, period, state in session.execute(statement):
        at = (line_id, period)
        best[at] = min(best.get(at, (len(BINDING), 0)), (_rank(state), adjusting))
    found: dict[int, tuple[int, ...]] = {}
    for (line_id, _), (_, adjusting) in best.items():
        found[line_id] = (*found.get(line_id, ()), adjusting)
    return found


def lines_by_id(session: Session, ids: Collection[int]) -> dict[int, StatementLine]:
    """The statement lines with these ids."""
    found = session.execute(select(*_KEY, *_FIGURES).where(_LINE.id.in_(ids)))
    return {row.id: _line(row) for row in found}


def posted_adjustments(session: Session, corrected: date, before: Statement | None = None) -> list[StatementLine]:
    """The adjustments of a closed period that stand in closed statements, in the order they were closed.

    With `before`, a closed statement, only those that were closed before it was.
    """
    statement = (
        select(*_KEY, *_FIGURES)
        .join(Statement, Statement.id == _LINE.statement_id)
        .where(_LINE.adjusts_period == corrected, Statement.state == StatementState.CLOSED.value)
        .order_by(Statement.closed_at, Statement.id, _LINE.id)
    )
    if before is not None:
        statement = statement.where(tuple_(Statement.closed_at, Statement.id) < (before.closed_at, before.id))
    return [_line(row) for row in session.execute(statement)]


def _line(row: Sequence[Any]) -> StatementLine:
    key = dict(zip(_KEY_NAMES, row, strict=False))
    share, quantity, exact_amount, amount, row_count, missing, line_id, adjusts_line_id, causes = row[len(_KEY) :]
    adjusted = key.pop("adjusts_cost_type")
    return StatementLine(
        key=LineKey(
            **{**key, "cost_type": CostType(key["cost_type"])},
            adjusts_cost_type=CostType(adjusted) if adjusted else None,
        ),
        share=share,
        quantity=quantity,
        exact_amount=exact_amount,
        amount=amount,
        row_count=row_count,
        rows_without_value=missing,
        id=line_id,
        adjusts_line_id=adjusts_line_id,
        causes=causes or None,
    )
