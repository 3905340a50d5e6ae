"""What a kind of telemetry is: how its files are read as samples, and how they are fetched where they are not at hand.

Each kind's module has one `KIND`; `ingest.telemetry.kinds` lists them. A kind turns what it reads into samples (Parquet
of `SAMPLE_COLUMNS`) and leaves everything after that (hours, booking, waste) to the pipeline.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.domain.gpu.job import Job
from app.domain.gpu.node import NodeCondition, NodeInventory
from ingest.files import Progress, SourceFile
from ingest.kind import Access, Offer

REFUSALS_KEPT = 100
Clock = Callable[[], datetime]


class TelemetrySettings(BaseModel):
    """What every reader of telemetry can be told; a kind adds its own. Secrets come from the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str | None = Field(None, description="of times that are written without one, such as Europe/Berlin")
    hostname: str | None = Field(None, description="the machine, where the files do not name it")
    node_label: str | None = Field(None, description="the label that names the node, before all others that may")
    since: date | None = Field(None, description="the first day to ask a server about; else 31 days ago")
    cadence_minutes: int | None = Field(None, ge=1, description="how often the scheduler runs it")

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f"'{name}' is no time zone; write one such as Europe/Berlin or UTC") from error
        return name

    @property
    def points_somewhere(self) -> bool:
        """Whether a source with these settings can be asked by itself; else it is fed files."""
        return False


@dataclass(frozen=True)
class Refusal:
    """Something that could not be read, and where it stands."""

    file: str
    row: int  # as a reader counts: lines of a page, rows of a table with its header as row 1
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.reason}"


@dataclass
class Refusals:
    """How many things could not be read, and the first of them."""

    count: int = 0
    first: list[Refusal] = field(default_factory=list)

    def add(self, refusal: Refusal, *, times: int = 1) -> None:
        """Counts a refusal, and keeps it while there is room."""
        self.count += times
        if len(self.first) < REFUSALS_KEPT:
            self.first.append(refusal)


@dataclass(frozen=True)
class TelemetryOpening:
    """What there is to read samples with, and where what cannot be read is told."""

    backend: Backend
    files: Sequence[SourceFile]
    scratch: Path  # an empty folder, gone when the ingest ends
    progress: Progress
    observed_at: datetime | None = None  # when what has no time of its own was seen; None: when its file was written
    settings: Any = field(default_factory=TelemetrySettings)  # an instance of the kind's settings
    refusals: Refusals = field(default_factory=Refusals)
    notes: list[str] = field(default_factory=list)  # what its reader should know, and nothing is wrong with

    def note(self, message: str) -> None:
        """Tells something of the files that keeps nothing from being read."""
        self.notes.append(message)

    def refuse(self, file: str, row: int, reason: str) -> None:
        """Tells that a row, or a cell of it, cannot be read. Nothing is dropped in silence."""
        self.refusals.add(Refusal(file, row, reason))


@dataclass(frozen=True)
class Fetched:
    """What answered, in files to ingest, and what those that did not said."""

    paths: tuple[Path, ...]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class TelemetryKind:
    """A kind of telemetry, and the format of its files: the two have one name."""

    name: str
    summary: str
    read: Callable[[TelemetryOpening], Iterator[Path]]  # Parquet of samples; raises BadInput naming file and row
    suffixes: tuple[str, ...]  # of the files that belong to it
    settings: type[TelemetrySettings] = TelemetrySettings
    # Asks what its settings point at, and writes the answers to an empty folder. None: it is fed files at hand.
    fetch: Callable[[Any, Path, Progress, Clock], Fetched] | None = None
    # Jobs and nodes that its files tell of, for a kind of those; it has no samples then. None: it has samples.
    jobs: Callable[[TelemetryOpening], Iterator[Job | NodeInventory | NodeCondition]] | None = None
    # Makes `gpu_hours` (ingest.telemetry.hour_columns) itself, where a server has summed up its samples by hour, and
    # returns the window [start, end) that these hours stand for. It has no samples then. None: they are made of them.
    hours: Callable[[TelemetryOpening], tuple[datetime, datetime]] | None = None
    # What it offers now, oldest first; raises Unavailable (try again later) or NotPermitted. None: nothing by itself.
    offers: Callable[[Any, "HourWindow"], Iterator[Offer]] | None = None
    check: Callable[[Any], Iterator[Access]] | None = None
    cadence_minutes: int = 60  # how often the scheduler runs it


@dataclass(frozen=True)
class HourWindow:
    """The whole UTC hours that a run asks about, [start, end)."""

    start: datetime
    end: datetime
