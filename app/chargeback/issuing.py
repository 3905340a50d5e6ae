"""Issuing a billing period's statement: the draft as it is now, kept as it is sent."""

from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import exists, func, insert, literal, select
from sqlalchemy.orm import Session

from app.chargeback.posting import lock_posting
from app.db.dataset import count_change
from app.db.queries.statements import current_statements
from app.db.tables import statements as tables
from app.db.tables.statements import Statement
from app.domain.statement import LineKey, StatementState
from app.errors import Conflict

_LINE = tables.StatementLine.__table__.c
_COPIED = [column for column in _LINE if column.name not in {"id", "statement_id"}]
# What tells whether anything moved. Causes may name newer loads for the same adjustment, which moves nothing.
_COMPARED = [
    *(_LINE[field.name] for field in fields(LineKey)),
    *(_LINE.share, _LINE.quantity, _LINE.exact_amount, _LINE.amount, _LINE.row_count, _LINE.rows_without_value),
]


@dataclass(frozen=True)
class Issued:
    """The statement that is issued, and whether it is a new one: nothing has moved since otherwise."""

    statement: Statement
    is_new: bool


def issue(session: Session, period: date, issued_by: str) -> Issued:
    """Issues the draft of a billing period. A statement issued before is withdrawn; its lines are kept.

    When nothing has moved since, the issued one stays as it is. Raises Conflict when the period is closed or has no
    draft.
    """
    lock_posting(session)
    current = current_statements(session, period)
    if StatementState.CLOSED in current:
        raise Conflict(
            f"{period:%Y-%m} is closed, and a closed statement is never changed. What has moved since is in the"
            " adjustments of the next open billing period."
        )
    draft, before = current.get(StatementState.DRAFT), current.get(StatementState.ISSUED)
    if draft is None:
        raise Conflict(f"{period:%Y-%m} has no figures to issue. Ingest its bills, then issue it.")
    if before and not differs(session, before, draft):
        return Issued(before, is_new=False)
    if before:
        before.state = StatementState.WITHDRAWN.value
        session.flush()
    issued = _copy(session, draft, issued_by)
    count_change(session)
    return Issued(issued, is_new=True)


def differs(session: Session, issued: Statement, draft: Statement) -> bool:
    """Whether a line of the draft is not in the issued statement just so, or the other way round."""
    if issued.metric != draft.metric:
        return True
    return _lacks(session, issued, draft) or _lacks(session, draft, issued)


def _lacks(session: Session, one: Statement, other: Statement) -> bool:
    """Whether `other` has a line that `one` has not."""
    theirs, ours = (select(*_COMPARED).where(_LINE.statement_id == each.id) for each in (other, one))
    return bool(session.scalar(select(exists(theirs.except_all(ours).subquery().select()))))


def _copy(session: Session, draft: Statement, issued_by: str) -> Statement:
    issued = Statement(
        billing_period_start=draft.billing_period_start,
        state=StatementState.ISSUED.value,
        metric=draft.metric,
        allocation_version=draft.allocation_version,
        policy_version_id=draft.policy_version_id,
        loads=draft.loads,
        splits=draft.splits,
        drawn_at=draft.drawn_at,
        issued_at=func.now(),  # which is how the database knows the transaction that may add the lines
        issued_by=issued_by,
    )
    session.add(issued)
    session.flush()
    lines = select(literal(issued.id), *_COPIED).where(_LINE.statement_id == draft.id).order_by(_LINE.id)
    names = ["statement_id", *(column.name for column in _COPIED)]
    session.execute(insert(tables.StatementLine).from_select(names, lines))
    session.refresh(issued)
    return issued
