"""The kind `sinfo`: nodes of Slurm, and which of them are down."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ingest.files import SourceFile
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.records import TEXT, Record, Refuse, kind_of_records, timezone_of
from ingest.telemetry.slurm.sinfo import sinfo_nodes


def _read(lines: Iterable[str], file: SourceFile, refuse: Refuse, opening: TelemetryOpening) -> Iterator[Record]:
    observed_at = opening.observed_at or datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
    return sinfo_nodes(lines, file.name, refuse, observed_at=observed_at, timezone=timezone_of(opening))


KIND = kind_of_records("sinfo", "nodes of Slurm, as `sinfo -N` writes them", TEXT, _read)
