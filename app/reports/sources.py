"""The sources bills come from, and how fresh each is."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.db.queries.deliveries import source_rows
from app.domain.viewer import Scope, Viewer
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class SourceStatus:
    """A source with its newest delivery (None before the first) and what its live loads hold."""

    name: str
    kind: str
    last_received_at: datetime | None
    last_state: str | None
    last_message: str | None
    newest_charge_day: date | None
    live_loads: int
    rows_loaded: int
    rows_quarantined: int
    last_run_state: str | None  # of the scheduler
    next_run_at: datetime | None


def sources(session: Session, viewer: Viewer) -> tuple[SourceStatus, ...]:
    """Every source, by name. How fresh figures are concerns every viewer; no cost is in it."""
    viewer.require(Scope.READ_COSTS)
    found = (SourceStatus(*row) for row in source_rows(session))
    if sees_everything(viewer):
        return tuple(found)
    return tuple(replace(each, last_message=None) for each in found)  # a message may quote cells of the bill
