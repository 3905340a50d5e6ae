"""`nvidia-smi --query-gpu=… --format=csv`: logs of it, and captures that hold such a table among others.

It sees the whole board: under MIG a board has no GPU_UTIL, and its instances are not told apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.domain.gpu.sample import WHOLE_BOARD
from app.errors import BadInput
from ingest.files import SourceFile
from ingest.telemetry.kind import TelemetryKind, TelemetryOpening
from ingest.telemetry.nvidia_smi.clock import LocalClock
from ingest.telemetry.nvidia_smi.fields import MEASURES, TEXTS, TIME, Title, number, positions, text, titles
from ingest.telemetry.sample_writer import write_samples
from ingest.telemetry.unreadable import UnreadableRowError

Value = TypeVar("Value")
_QUERY = "timestamp,uuid,name,utilization.gpu,memory.used,memory.total,power.draw"


@dataclass(frozen=True)
class Columns:
    """A table's header, and where in its rows each column of samples stands."""

    header: tuple[Title, ...]
    time: int | None
    texts: Mapping[str, tuple[int, ...]]
    measures: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, header: tuple[Title, ...]) -> "Columns":
        """The columns of a table with this header."""
        (time,) = positions(header, {TIME: (TIME,)}).values()
        return cls(header, next(iter(time), None), positions(header, TEXTS), positions(header, MEASURES))


def read_logs(opening: TelemetryOpening) -> Iterator[Path]:
    """The samples of each file. Raises BadInput when there is no table of boards in it."""
    for count, file in enumerate(opening.files):
        target = opening.scratch / f"nvidia_smi_{count}.parquet"
        opening.progress("stage", write_samples(_samples(opening, file), target))
        yield target


def _samples(opening: TelemetryOpening, file: SourceFile) -> Iterator[Mapping[str, object]]:
    """Samples of the tables in a file. A table ends where a line is empty or a comment."""
    clock = LocalClock(ZoneInfo(opening.settings.timezone or "UTC"))
    columns: Columns | None = None
    tables = 0
    for row, line in enumerate(_lines(file), start=1):
        if not line or line.startswith("#"):
            columns = None
        elif header := titles(line):  # again and again in a log that was restarted
            columns, tables = Columns.of(header), tables + 1
        elif columns:
            try:
                yield _sample([cell.strip() for cell in line.split(",")], columns, clock, opening)
            except UnreadableRowError as error:
                opening.refuse(file.name, row, str(error))
    if not tables:
        raise BadInput(
            f"{file.name} has no header with the field uuid. Write it with `nvidia-smi --query-gpu={_QUERY} "
            "--format=csv`, without noheader."
        )


def _sample(cells: Sequence[str], columns: Columns, clock: LocalClock, opening: TelemetryOpening) -> dict[str, object]:
    if len(cells) != len(columns.header):
        raise UnreadableRowError(f"{len(cells)} cells where the header has {len(columns.header)}")
    texts = {name: _first([text(cells[place]) for place in places]) for name, places in columns.texts.items()}
    if texts["gpu_uuid"] is None:
        raise UnreadableRowError("uuid is empty")
    measures = {
        name: _first([number(cells[place], name, columns.header[place].unit) for place in places])
        for name, places in columns.measures.items()
    }
    moment = _moment(cells, columns, clock, texts["gpu_uuid"], opening)
    hostname = texts["hostname"] or opening.settings.hostname
    return {**texts, **measures, "timestamp": moment, "hostname": hostname, "gpu_instance_id": WHOLE_BOARD}


def _moment(
    cells: Sequence[str], columns: Columns, clock: LocalClock, board: str, opening: TelemetryOpening
) -> datetime:
    if columns.time is not None:
        return clock.read(cells[columns.time], board)
    if opening.observed_at is None:
        raise UnreadableRowError("there is no timestamp; query it too, or say when this was")
    return opening.observed_at


def _first(values: Sequence[Value | None]) -> Value | None:
    return next((value for value in values if value is not None), None)


def _lines(file: SourceFile) -> Iterator[str]:
    with file.path.open(encoding="utf-8-sig", errors="replace") as stream:
        for line in stream:
            yield line.strip()


KIND = TelemetryKind(
    "nvidia-smi",
    "nvidia-smi --query-gpu=… --format=csv: a log of it, or a capture",
    read_logs,
    suffixes=(".csv", ".txt", ".log"),
)
