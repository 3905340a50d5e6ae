"""What routes ask for: a session, the viewer, a month."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path
from sqlalchemy.orm import Session

from app.db.session import read_session, write_session
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.viewing import current_viewer


def reading() -> Iterator[Session]:
    """A session that sees one moment, so that an answer agrees with its version."""
    with read_session() as session:
        yield session


def writing() -> Iterator[Session]:
    """A session that commits when the route returns."""
    with write_session() as session:
        yield session


def viewer() -> Viewer:
    """Who is asking; the guard has found out."""
    return current_viewer()


def now() -> datetime:
    """The time of the request."""
    return datetime.now(UTC)


def month(month: Annotated[str, Path(description="A billing month, YYYY-MM", examples=["2026-03"])]) -> Period:
    """The billing month in the path."""
    return Period.parse_month(month)


SessionDep = Annotated[Session, Depends(reading)]
# "function": committed before the answer leaves, so that who reads it can rely on it.
WriteSessionDep = Annotated[Session, Depends(writing, scope="function")]
ViewerDep = Annotated[Viewer, Depends(viewer)]
NowDep = Annotated[datetime, Depends(now)]
MonthDep = Annotated[Period, Depends(month)]
