"""The sources bills come from, and how fresh each is."""

from dataclasses import replace

from sqlalchemy.orm import Session

from app.db.queries.deliveries import source_rows
from app.domain.source_status import SourceStatus
from app.domain.viewer import Scope, Viewer
from app.reports.visibility import sees_everything


def sources(session: Session, viewer: Viewer) -> tuple[SourceStatus, ...]:
    """Every source, by name. How fresh figures are concerns every viewer; no cost is in it."""
    viewer.require(Scope.READ_COSTS)
    found = (SourceStatus(*row) for row in source_rows(session))
    if sees_everything(viewer):
        return tuple(found)
    # A message may quote cells of the bill.
    return tuple(replace(each, last_message=None, last_run_message=None) for each in found)
