"""How fresh a source of bills is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


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
    last_run_message: str | None
    last_run_at: datetime | None  # when it ended
    next_run_at: datetime | None
    cadence_minutes: int | None  # how often the scheduler runs it, as far as is known

    @property
    def run_failed(self) -> bool:
        """Whether the scheduler's last run failed and nothing has been handed over since."""
        if self.last_run_state != "failed" or self.last_run_at is None:
            return False
        return self.last_received_at is None or self.last_received_at <= self.last_run_at

    def overdue(self, now: datetime) -> bool:
        """Whether the scheduler has missed it: a whole cadence after its next run was due, nothing has run."""
        if self.next_run_at is None or self.cadence_minutes is None or self.last_run_state == "running":
            return False
        return now > self.next_run_at + timedelta(minutes=self.cadence_minutes)
