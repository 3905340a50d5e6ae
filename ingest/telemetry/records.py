"""Kinds of telemetry that tell of jobs and nodes instead of samples: what they read, line by line."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from app.domain.gpu.job import Job
from app.domain.gpu.node import NodeCondition, NodeInventory
from app.errors import BadInput
from ingest.files import SourceFile
from ingest.telemetry.kind import TelemetryKind, TelemetryOpening

Record = Job | NodeInventory | NodeCondition
Refuse = Callable[[int, str], None]  # (row, reason)
# The records in the lines of a file.
Reader = Callable[[Iterable[str], SourceFile, Refuse, TelemetryOpening], Iterator[Record]]

TEXT = tuple(f".{name}{packed}" for name in ("txt", "psv", "csv", "out", "log") for packed in ("", ".gz"))
CSV = (".csv", ".csv.gz")


def kind_of_records(name: str, summary: str, suffixes: tuple[str, ...], reader: Reader) -> TelemetryKind:
    """A kind whose files hold jobs or nodes, and no samples."""

    def records(opening: TelemetryOpening) -> Iterator[Record]:
        for file in opening.files:
            yield from reader(lines_of(file), file, partial(opening.refuse, file.name), opening)

    return TelemetryKind(name, summary, _no_samples, suffixes, jobs=records)


def timezone_of(opening: TelemetryOpening) -> tzinfo:
    """The time zone of times that are written without one."""
    return ZoneInfo(opening.settings.timezone) if opening.settings.timezone else UTC


def lines_of(file: SourceFile) -> Iterator[str]:
    """The lines of a text file, gzipped or not. Raises BadInput when it is damaged or no UTF-8."""
    try:
        with gzip.open(file.path, "rb") if file.is_gzip else file.path.open("rb") as opened:
            for line in opened:
                yield line.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(f"{file.name} cannot be read as UTF-8 text: {error}. Hand it over anew.") from error


def _no_samples(_: TelemetryOpening) -> Iterator[Path]:
    return iter(())
