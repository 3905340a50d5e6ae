"""After closing: what moves in a closed period becomes adjustments in the draft of the next open one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.chargeback.basis import Basis
from app.chargeback.policies import policy_in_force
from app.chargeback.summing import statement_metric
from app.db.queries.loads import billed_by_currency
from app.db.queries.statements import current_statements, posted_adjustments, statement_lines, statements_in
from app.db.statements import replace_adjustments
from app.db.tables.statements import Statement
from app.domain.adjusting import adjustments
from app.domain.drafting import ALLOCATION_VERSION
from app.domain.period import next_month
from app.domain.statement import StatementLine, StatementState


def adjust(session: Session, periods: Iterable[date] | None = None) -> None:
    """Draws the adjustments of those of `periods` that are closed anew, or of every closed period.

    They stand in the draft of the earliest period after it that is not closed, which is made if there is none. Without
    a change since, nothing changes. The caller holds `lock_posting`; whoever closes a period calls this afterwards,
    because its draft takes no adjustments any more.
    """
    closed = {each.billing_period_start: each for each in statements_in(session, StatementState.CLOSED)}
    for period in sorted(closed if periods is None else closed.keys() & set(periods)):
        _adjust(session, closed[period], _open_period(period, closed))


def _open_period(period: date, closed: Mapping[date, Statement]) -> date:
    following = next_month(period)
    while following in closed:
        following = next_month(following)
    return following


def _adjust(session: Session, closed: Statement, target: date) -> None:
    period = closed.billing_period_start
    draft = current_statements(session, period).get(StatementState.DRAFT)
    posted = posted_adjustments(session, period)
    causes = _causes(closed, draft, posted)
    lines = adjustments(
        period,
        draft=statement_lines(session, draft.id) if draft else (),
        closed=statement_lines(session, closed.id),
        posted=posted,
        causes=causes,
        restated=restated(session, causes),
    )
    replace_adjustments(session, period, _empty_draft(session, target), lines)


def restated(session: Session, causes: Mapping[str, Any]) -> list[str]:
    """The currencies in which the loads before and after bill another amount."""
    before, after = (billed_by_currency(session, causes["loads"][side]) for side in ("before", "after"))
    return [currency for currency in before | after if before.get(currency) != after.get(currency)]


def _causes(closed: Statement, draft: Statement | None, posted: Sequence[StatementLine]) -> dict[str, Any]:
    """What the period rested on when it was last brought up to date, and what it rests on now."""
    loads: Any = closed.loads
    version: Any = closed.policy_version_id
    last: Any = posted[-1].causes if posted else None
    if last:
        loads, version = last["loads"]["after"], last["policy_versions"]["after"]
    return {
        "loads": {"before": loads, "after": draft.loads if draft else []},
        "policy_versions": {"before": version, "after": draft.policy_version_id if draft else None},
    }


def _empty_draft(session: Session, period: date) -> Statement:
    basis = Basis(period, (), policy_in_force(session))
    return Statement(
        billing_period_start=period,
        metric=statement_metric(basis).value,
        allocation_version=ALLOCATION_VERSION,
        policy_version_id=basis.applied.version if basis.applied else None,
        loads=[],
        splits=[],
    )
