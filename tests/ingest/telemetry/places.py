"""A Trueup that telemetry is brought into, and the facts that it knows then."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.actions.telemetry import ingest_telemetry_paths, post_samples
from app.db.session import read_session
from app.domain.viewer import operator
from ingest.telemetry.pipeline import TelemetryOutcome
from tests.ingest.telemetry.sample_rows import Sample, write_samples
from tests.trueup import Trueup

_FACTS = """
SELECT hour, gpu_uuid, gpu_instance_id, coalesce(gpu_owner.pod, gpu_owner.team) AS owner, gpu_node.name AS node,
       observed, active, sample_count, activity_avg, energy_mj, delivery_id
FROM gpu_hour JOIN gpu_board ON gpu_board.id = board_id LEFT JOIN gpu_owner ON gpu_owner.id = owner_id
LEFT JOIN gpu_node ON gpu_node.id = gpu_hour.node_id ORDER BY hour, gpu_uuid, gpu_instance_id, owner NULLS FIRST
"""


class Telemetry:
    """Hands samples over as deliveries of one source."""

    def __init__(self, trueup: Trueup, folder: Path) -> None:
        self.trueup, self.folder, self._count = trueup, folder, 0

    def says(self, *files: Sequence[Sample], source: str = "cluster") -> TelemetryOutcome:
        self._count += 1
        paths = [
            write_samples(self.folder / str(self._count) / f"{number}.parquet", rows)
            for number, rows in enumerate(files)
        ]
        return self.hands_over(*paths, source=source)

    def hands_over(self, *paths: Path, source: str = "cluster", **options: Any) -> TelemetryOutcome:
        bound, config = self.trueup.engine, self.trueup.config
        return ingest_telemetry_paths(bound, operator(), config, paths, source_name=source, **options)

    def posts(self, rows: Sequence[Sample], source: str = "agents", **options: Any) -> TelemetryOutcome:
        return post_samples(self.trueup.engine, operator(), self.trueup.config, source, rows, **options)

    def facts(self, *names: str) -> list[tuple[Any, ...]]:
        """Those columns of every fact, in order of hour, board, instance and owner."""
        with read_session(self.trueup.engine) as session:
            return [tuple(getattr(row, name) for name in names) for row in session.execute(text(_FACTS))]
