"""Pages of dcgm-exporter read line by line: the series that samples have a use for, and their points as Parquet."""

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import BadInput
from ingest.files import SourceFile
from ingest.telemetry.dcgm.exposition import Point, name_and_labels, observed, point
from ingest.telemetry.dcgm.labels import Place, place
from ingest.telemetry.dcgm.metrics import (
    DRIVER_LABEL_OF_DCGM_4_7,
    GPU_UTIL_RATIO_BY_VERSION,
    DcgmMetric,
    is_blank,
    metric_of,
    within,
)
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.unreadable import UnreadableRowError

POINTS_AT_ONCE = 100_000
_POINT: Mapping[str, pa.DataType] = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "series": pa.int32(),
    "value": pa.float64(),
}
POINT_SCHEMA = pa.schema(_POINT)
_INTEGER = re.compile(r"[-+]?\d+$")


@dataclass(frozen=True)
class Series:
    """A metric of one board, MIG instance and owner."""

    number: int
    metric: DcgmMetric
    factor: float
    labels: Mapping[str, str]
    place: Place
    unit_by_writing: bool = False  # a value with decimals is a ratio, an integer a percentage

    def value(self, written: Point) -> float | None:
        """A point's value in our unit; None where it says that there is none. Raises UnreadableRowError."""
        if is_blank(written.value):
            return None
        ratio = self.unit_by_writing and not _INTEGER.match(written.written) and written.value <= 1
        found = within(self.metric, written.value * (100 if ratio else self.factor))
        if found is None:
            raise UnreadableRowError(f"{written.written} is outside of what {self.metric.column} can be")
        return found


@dataclass
class Pages:
    """The series of all pages of a delivery, and where their points are written."""

    opening: TelemetryOpening
    writer: pq.ParquetWriter
    series: list[Series] = field(default_factory=list)
    _known: dict[str, Series | None] = field(default_factory=dict)  # by how a series is written
    _moments: list[datetime] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)
    _values: list[float] = field(default_factory=list)

    def read(self, file: SourceFile) -> None:
        """Reads a page. What cannot be read is told by line, and all else is."""
        seen = self.opening.observed_at or datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
        for row, line in enumerate(_lines(file), start=1):
            try:
                seen = observed(line) or seen if line.startswith("#") else seen
                self._take(line, seen)
            except UnreadableRowError as error:
                self.opening.refuse(file.name, row, str(error))
        self.flush()

    def _take(self, line: str, seen: datetime) -> None:
        found = point(line, self._known)
        series = self._series(found.series) if found else None
        if found is None or series is None:
            return
        value = series.value(found)
        if value is None:
            return
        self._moments.append(found.at or seen)
        self._numbers.append(series.number)
        self._values.append(value)
        if len(self._values) == POINTS_AT_ONCE:
            self.flush()

    def _series(self, written: str) -> Series | None:
        """The series as it is written; None where samples have no use for it. Raises UnreadableRowError."""
        if written not in self._known:
            made = self._made(written)
            if made:
                self.series.append(made)
            self._known[written] = made
        return self._known[written]

    def _made(self, written: str) -> Series | None:
        name, labels = name_and_labels(written)
        found = metric_of(name)
        if found is None:
            return None
        settings = self.opening.settings
        where = place(labels, node_label=settings.node_label, hostname=settings.hostname)
        metric, factor = found
        decided = name != GPU_UTIL_RATIO_BY_VERSION or DRIVER_LABEL_OF_DCGM_4_7 in labels
        factor = 100 if name == GPU_UTIL_RATIO_BY_VERSION and decided else factor
        return Series(len(self.series), metric, factor, labels, where, unit_by_writing=not decided)

    def flush(self) -> None:
        """Writes the points that were read since the last time."""
        if not self._values:
            return
        cells: dict[str, list[Any]] = {"timestamp": self._moments, "series": self._numbers, "value": self._values}
        self.writer.write_table(pa.Table.from_pydict(cells, POINT_SCHEMA))
        self.opening.progress("stage", len(self._values))
        for each in (self._moments, self._numbers, self._values):
            each.clear()


def _lines(file: SourceFile) -> Iterator[str]:
    """The lines of a page, whatever bytes are in it. Raises BadInput for a damaged gzip file."""
    try:
        with gzip.open(file.path) if file.is_gzip else file.path.open("rb") as stream:
            for raw in stream:
                yield raw.decode(errors="replace").lstrip("\ufeff")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"{file.name} is a damaged gzip file ({error}). Download it again.") from error
