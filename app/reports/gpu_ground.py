"""What there is to be asked about GPUs."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.db.queries.gpu_waste import days_told
from app.domain.viewer import Scope, Viewer

DEFAULT_DAYS = 30


@dataclass(frozen=True)
class GpuGround:
    """The newest day with paid GPU time, and the oldest and newest with telemetry; None where there is none."""

    newest_paid: date | None
    oldest_telemetry: date | None
    newest_telemetry: date | None

    def span(self, today: date) -> tuple[date, date]:
        """The last thirty days that there is anything for, end exclusive; those up to `today` without anything.

        They begin with the telemetry, if that began within them: before it, all is unknown.
        """
        newest = max((day for day in (self.newest_paid, self.newest_telemetry) if day), default=today)
        end = min(newest, today) + timedelta(days=1)
        start = end - timedelta(days=DEFAULT_DAYS)
        told = self.oldest_telemetry
        return (told if told and start < told < end else start), end


def gpu_ground(session: Session, viewer: Viewer) -> GpuGround:
    """Since when and up to when there is anything to ask; of nobody's cost, so whoever reads costs may know."""
    viewer.require(Scope.READ_COSTS)
    return GpuGround(*days_told(session))
