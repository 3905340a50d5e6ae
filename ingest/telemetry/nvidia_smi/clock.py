"""The clock of `nvidia-smi`: local time without a zone, so that an hour of autumn comes twice."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from ingest.telemetry.unreadable import UnreadableRowError


@dataclass
class LocalClock:
    """Reads the times of a log, which runs forward: where a board's clock is put back, its time goes on."""

    timezone: tzinfo
    _last: dict[str, datetime] = field(default_factory=dict)  # by board

    def read(self, written: str, board: str) -> datetime:
        """The moment that is `2026/07/14 09:00:44.742` here. Raises UnreadableRowError."""
        try:
            local = datetime.fromisoformat(written.replace("/", "-")).replace(tzinfo=self.timezone)
        except ValueError as error:
            raise UnreadableRowError(f"timestamp '{written}' is no time such as 2026/07/14 09:00:44.742") from error
        moment = local.astimezone(UTC)
        if board in self._last and moment < self._last[board]:
            moment = local.replace(fold=1).astimezone(UTC)
        self._last[board] = moment
        return moment
