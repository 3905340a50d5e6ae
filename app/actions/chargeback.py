"""Issuing and closing what teams owe for a billing period."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.chargeback.closing import close
from app.chargeback.issuing import issue
from app.db.statement_files import keep_files, kept_names
from app.domain.closing import Blocker
from app.domain.named_file import NamedFile
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput

# Makes what is handed to finance beside the canonical form, from the period as it has just been closed.
Pack = Callable[[Session, Viewer, Period], Iterable[NamedFile]]


@dataclass(frozen=True)
class IssuedStatement:
    """A statement as it was issued; `is_new` is false when nothing had moved since the one before."""

    billing_period_start: date
    is_new: bool
    issued_at: datetime | None
    issued_by: str | None


@dataclass(frozen=True)
class ClosedStatement:
    """A statement as it was closed, with the SHA-256 of its canonical form, and what spoke against closing it."""

    billing_period_start: date
    sha256: str
    closed_at: datetime
    closed_by: str
    overridden: tuple[Blocker, ...]
    override_reason: str | None
    files: tuple[str, ...]


def issue_statement(session: Session, viewer: Viewer, period: Period) -> IssuedStatement:
    """Issues the draft of a billing month; the one issued before is withdrawn. Nothing moved: nothing changes.

    Raises Conflict when the month is closed or has no figures.
    """
    viewer.require_everything(Scope.CLOSE_CHARGEBACK)
    issued = issue(session, period.start, viewer.name)
    statement = issued.statement
    if issued.is_new:
        record(session, viewer, "statement.issue", period.label, statement=statement.id, loads=statement.loads)
    return IssuedStatement(period.start, issued.is_new, statement.issued_at, statement.issued_by)


def no_more_files(_session: Session, _viewer: Viewer, _period: Period) -> Iterable[NamedFile]:
    """The pack of who wants the canonical form alone."""
    return ()


def close_statement(
    session: Session,
    viewer: Viewer,
    period: Period,
    now: datetime,
    override_reason: str | None = None,
    *,
    pack: Pack = no_more_files,
) -> ClosedStatement:
    """Closes a billing month with its issued statement, and keeps the canonical form and the files of `pack`.

    Raises CannotClose with everything that speaks against it, unless there is an `override_reason`; HasMoved when
    figures have moved since it was issued; Conflict when it is closed already or nothing is issued. BadInput for a
    reason that says nothing.
    """
    viewer.require_everything(Scope.CLOSE_CHARGEBACK)
    if override_reason is not None and not override_reason.strip():
        raise BadInput("An override needs a reason: who reads it in a year should know why the month was closed.")
    closed = close(session, period.start, closed_by=viewer.name, now=now, override_reason=override_reason)
    keep_files(session, closed.statement, pack(session, viewer, period))
    statement = closed.statement
    assert statement.sha256 is not None
    record(
        session,
        viewer,
        "statement.close",
        period.label,
        statement=statement.id,
        sha256=statement.sha256,
        overridden=[asdict(each) for each in closed.overridden],
        override_reason=statement.override_reason,
    )
    return ClosedStatement(
        billing_period_start=period.start,
        sha256=statement.sha256,
        closed_at=now,
        closed_by=viewer.name,
        overridden=closed.overridden,
        override_reason=statement.override_reason,
        files=tuple(name for name, _, _ in kept_names(session, statement.id)),
    )
