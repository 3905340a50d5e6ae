"""Which statement of a billing month a report shows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db.queries.statements import BINDING, current_statements
from app.db.tables.statements import Statement
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.statement import StatementState
from app.errors import BadInput, NotFound


@dataclass(frozen=True)
class ShownStatement:
    """The statement that a report's figures come from, and how far it has come."""

    id: int
    state: StatementState
    drawn_at: datetime
    issued_at: datetime | None
    issued_by: str | None
    closed_at: datetime | None
    closed_by: str | None


def told(statement: Statement, *, everything: bool = True) -> ShownStatement:
    """A statement as reports tell of it; who issued and closed it is for those who see `everything`."""
    return ShownStatement(
        id=statement.id,
        state=StatementState(statement.state),
        drawn_at=statement.drawn_at,
        issued_at=statement.issued_at,
        issued_by=statement.issued_by if everything else None,
        closed_at=statement.closed_at,
        closed_by=statement.closed_by if everything else None,
    )


def find_statement(
    session: Session, period: Period, metric: Metric | None = None, state: StatementState | None = None
) -> Statement | None:
    """The statement of a billing month: the one in `state`, or else the closed, the issued or the draft.

    None where roll-ups answer: before anything was posted, and for a metric that the statement is not drawn on. A
    draft is live figures, so it is never at odds with them. Raises NotFound when there is none in `state`, BadInput
    when what was issued or closed is asked for on another metric.
    """
    current = current_statements(session, period.start)
    found = next((current[each] for each in ((state,) if state else BINDING) if each in current), None)
    if found is None:
        if state is not None:
            raise NotFound(f"There is no {state} statement of {period.label}. Leave the state out for what there is.")
        return None
    if metric is None or metric == found.metric:
        return found
    if state in {StatementState.ISSUED, StatementState.CLOSED}:
        raise BadInput(f"The {state} statement of {period.label} is drawn on {found.metric}, not on {metric}.")
    return None
