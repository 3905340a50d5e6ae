"""How far a billing period has come: its state, what speaks against closing it, the files it was closed with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.chargeback.closing_checks import blockers
from app.chargeback.replaying import replay
from app.db.queries.chargeback import billing_periods_with_figures
from app.db.queries.statements import BINDING, binding_statement, current_statements, statement_lines, statements_in
from app.db.statement_files import kept_file, kept_names
from app.db.tables.statements import Statement
from app.domain.closing import Blocker, Moved, moves
from app.domain.named_file import NamedFile
from app.domain.period import Period
from app.domain.replay import Replay
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer
from app.errors import NotFound


@dataclass(frozen=True)
class ClosingStatus:
    """Where a billing month stands on its way to being closed.

    `moves` is what has moved by team since the statement was issued, `blockers` what speaks against closing it; a
    closed one has neither, but what was overridden and why.
    """

    period: Period
    state: StatementState
    metric: str
    issued_at: datetime | None
    issued_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    sha256: str | None
    moves: tuple[Moved, ...]
    blockers: tuple[Blocker, ...]
    overridden: tuple[Mapping[str, Any], ...]
    override_reason: str | None


@dataclass(frozen=True)
class KeptFile:
    """A file of a closed statement."""

    name: str
    media_type: str
    sha256: str


def period_states(session: Session, viewer: Viewer) -> dict[date, StatementState | None]:
    """The state of each billing month that has figures, newest first: closed, else issued, else draft."""
    viewer.require(Scope.READ_COSTS)
    found: dict[date, StatementState] = {}
    for state in reversed(BINDING):
        found |= {each.billing_period_start: state for each in statements_in(session, state)}
    return {period: found.get(period) for period in billing_periods_with_figures(session)}


def closing_status(session: Session, viewer: Viewer, period: Period, now: datetime) -> ClosingStatus:
    """Where a billing month stands, and what speaks at `now` against closing it.

    Raises NotFound for one without figures, NotAllowed for a viewer who sees only some teams.
    """
    viewer.require_everything(Scope.READ_COSTS)
    statement = _binding(session, period)
    closed = statement.state == StatementState.CLOSED.value
    return ClosingStatus(
        period=period,
        state=StatementState(statement.state),
        metric=statement.metric,
        issued_at=statement.issued_at,
        issued_by=statement.issued_by,
        closed_at=statement.closed_at,
        closed_by=statement.closed_by,
        sha256=statement.sha256,
        moves=() if closed else _moves(session, period, statement),
        blockers=() if closed else blockers(session, statement, now),
        overridden=tuple(statement.overridden),
        override_reason=statement.override_reason,
    )


def _moves(session: Session, period: Period, statement: Statement) -> tuple[Moved, ...]:
    draft = current_statements(session, period.start).get(StatementState.DRAFT)
    return moves(statement_lines(session, statement.id), statement_lines(session, draft.id) if draft else ())


def kept_files(session: Session, viewer: Viewer, period: Period) -> tuple[KeptFile, ...]:
    """The files of a closed month, by name. Raises NotFound for one that is not closed, NotAllowed as above."""
    closed = _closed(session, viewer, period)
    return tuple(KeptFile(*row) for row in kept_names(session, closed.id))


def file_named(session: Session, viewer: Viewer, period: Period, name: str) -> NamedFile:
    """A file of a closed month, as it was kept. Raises NotFound when there is none, NotAllowed as above."""
    closed = _closed(session, viewer, period)
    found = kept_file(session, closed.id, name)
    if found is None:
        names = ", ".join(each for each, _, _ in kept_names(session, closed.id))
        raise NotFound(f"{period.label} was closed without a file '{name}'. It has: {names}.")
    return found


def replayed(session: Session, viewer: Viewer, period: Period) -> Replay:
    """A closed month worked out again beside what was kept. It changes nothing.

    Raises NotFound for one that is not closed, Refused for one closed by rules of allocation that this release does not
    know, NotAllowed for a viewer who sees only some teams.
    """
    viewer.require_everything(Scope.READ_COSTS)
    return replay(session, period.start)


def _binding(session: Session, period: Period) -> Statement:
    statement = binding_statement(session, period.start)
    if statement is None:
        raise NotFound(f"{period.label} has no statement. `trueup ingest` brings in its bills.")
    return statement


def _closed(session: Session, viewer: Viewer, period: Period) -> Statement:
    viewer.require_everything(Scope.READ_COSTS)
    closed = current_statements(session, period.start).get(StatementState.CLOSED)
    if closed is None:
        raise NotFound(f"{period.label} is not closed, and only a closed month has files.")
    return closed
