"""The kind `jobs`: jobs of any scheduler."""

from collections.abc import Iterable, Iterator

from app.domain.gpu.job import Job
from ingest.files import SourceFile
from ingest.telemetry.inventory.jobs import csv_jobs
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.records import CSV, Refuse, kind_of_records, timezone_of


def _read(lines: Iterable[str], file: SourceFile, refuse: Refuse, opening: TelemetryOpening) -> Iterator[Job]:
    return csv_jobs(lines, file.name, refuse, timezone_of(opening))


KIND = kind_of_records("jobs", "jobs of any scheduler, as CSV", CSV, _read)
