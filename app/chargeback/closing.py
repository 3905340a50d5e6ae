"""Closing a billing period: the issued statement becomes what was charged, for good."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.chargeback.adjustments import adjust
from app.chargeback.closing_checks import blockers
from app.chargeback.closing_rates import closing_rates
from app.chargeback.heading import heading
from app.chargeback.issuing import differs
from app.chargeback.posting import lock_posting
from app.db.dataset import count_change
from app.db.queries.statements import current_statements, statement_lines
from app.db.statement_files import keep_files
from app.db.tables.statements import Statement
from app.domain.canonical import canonical_files
from app.domain.closing import Blocker, CannotClose, HasMoved, moves
from app.domain.period import Period
from app.domain.statement import StatementState
from app.errors import Conflict


@dataclass(frozen=True)
class Closed:
    """A statement that has been closed, and what spoke against it."""

    statement: Statement
    overridden: tuple[Blocker, ...]


def close(session: Session, period: date, *, closed_by: str, now: datetime, override_reason: str | None) -> Closed:
    """Closes a billing period with its issued statement and keeps its canonical form.

    Rates are frozen, and later changes become adjustments of the next open period. Raises Conflict when the period is
    closed, or nothing is issued; HasMoved when the draft has moved away from what was issued; CannotClose, with the
    list, when something speaks against it and there is no `override_reason`, which is kept with the list otherwise.
    """
    lock_posting(session)
    issued = _issued(session, period)
    against = blockers(session, issued, now)
    if against and override_reason is None:
        raise CannotClose(period, against)
    lines = statement_lines(session, issued.id)
    fx = [rate.as_json() for rate in closing_rates(session, Period.month_of(period), lines).known]
    files = canonical_files(heading(session, issued, lines, fx), lines)
    # All of it in one UPDATE: the database lets an issued statement become closed, and nothing else.
    issued.state, issued.fx, issued.sha256 = StatementState.CLOSED.value, fx, files[-1].sha256
    issued.closed_at, issued.closed_by = now, closed_by
    if against:
        issued.overridden, issued.override_reason = [asdict(each) for each in against], override_reason
    session.flush()
    keep_files(session, issued, files)
    adjust(session, {period, *(line.key.adjusts_period for line in lines if line.key.adjusts_period)})
    count_change(session)
    return Closed(issued, against)


def _issued(session: Session, period: date) -> Statement:
    """The issued statement of a billing period, if it is what the draft says. Raises Conflict otherwise."""
    current = current_statements(session, period)
    if closed := current.get(StatementState.CLOSED):
        raise Conflict(f"{period:%Y-%m} is closed already, by {closed.closed_by} at {closed.closed_at:%Y-%m-%d %H:%M}.")
    issued, draft = current.get(StatementState.ISSUED), current.get(StatementState.DRAFT)
    if issued is None:
        raise Conflict(
            f"No statement of {period:%Y-%m} is issued. Issue it (`trueup chargeback issue {period:%Y-%m}`), then"
            " close it."
        )
    if draft is None or differs(session, issued, draft):
        drafted = statement_lines(session, draft.id) if draft else ()
        raise HasMoved(period, moves(statement_lines(session, issued.id), drafted))
    return issued
