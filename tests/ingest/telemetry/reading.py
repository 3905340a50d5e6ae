"""Telemetry read as its kind reads it, without a database: the samples, and what was refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.settings import Settings
from ingest.engine.duckdb import engine, literal
from ingest.files import SourceFile
from ingest.pipeline import no_progress
from ingest.telemetry.kind import Refusals, TelemetryKind, TelemetryOpening

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Read:
    """What files hold."""

    samples: list[dict[str, Any]]
    refusals: Refusals
    notes: list[str]
    paths: list[Path]

    @property
    def reasons(self) -> list[str]:
        """What was refused, as a person reads it."""
        return [str(each) for each in self.refusals.first]

    def of(self, gpu_uuid: str) -> list[dict[str, Any]]:
        """The samples of a board, by instance and pod."""
        return [each for each in self.samples if each["gpu_uuid"] == gpu_uuid]


def read(kind: TelemetryKind, folder: Path, *paths: Path, observed_at: datetime | None = NINE, **settings: Any) -> Read:
    """`paths` read as `kind` reads them, in order of time, board, instance and owner."""
    scratch = folder / "scratch"
    scratch.mkdir()
    files = [SourceFile(path, path.name) for path in paths]
    with engine(Settings(data_dir=folder / "data", threads=2), scratch) as backend:
        opening = TelemetryOpening(
            backend, files, scratch, no_progress, observed_at=observed_at, settings=kind.settings(**settings)
        )
        made = list(kind.read(opening))
        relation = backend.raw_sql(
            f"SELECT * FROM read_parquet([{', '.join(map(literal, made))}], union_by_name = true)"
        )
        names = [column[0] for column in relation.description]
        samples = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    order = ("timestamp", "gpu_uuid", "gpu_instance_id", "namespace", "pod", "job_id")
    samples.sort(key=lambda sample: tuple(str(sample.get(name) or "") for name in order))
    return Read(samples, opening.refusals, opening.notes, made)
