"""The kind `sacct`: jobs of Slurm."""

from collections.abc import Iterable, Iterator

from app.domain.gpu.job import Job
from ingest.files import SourceFile
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.records import TEXT, Refuse, kind_of_records, timezone_of
from ingest.telemetry.slurm.sacct import sacct_jobs


def _read(lines: Iterable[str], file: SourceFile, refuse: Refuse, opening: TelemetryOpening) -> Iterator[Job]:
    return sacct_jobs(lines, file.name, refuse, timezone_of(opening))


KIND = kind_of_records("sacct", "jobs of Slurm, as `sacct -P` writes them", TEXT, _read)
