"""What a kind of source is: how its files are read, and how they are fetched where they are not at hand.

Each provider's module has one `KIND`; `ingest.kinds` lists them. A kind turns native rows into FOCUS rows and leaves
everything after that (checks, roll-up, booking, detail) to the pipeline.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict, Field

from ingest.delivery import OpenDelivery
from ingest.files import SUFFIXES, Progress, SourceFile


class DeliveryHandling(StrEnum):
    """FOCUS 1.4, Delivery Handling: whether a delivery stands for all earlier ones of its scope, or comes on top."""

    OVERWRITE = "Overwrite"
    APPEND = "Append"


class CorrectionHandling(StrEnum):
    """FOCUS 1.4, Correction Handling: a complete snapshot, additive differences, or reversals with re-entries."""

    REPLACEMENT = "Replacement"
    DELTA = "Delta"
    LEDGER = "Ledger"


class SourceSettings(BaseModel):
    """What every source can be told; a kind adds its own. Secrets never stand here: they come from the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = Field(None, description="a folder at hand that runs and the scheduler read")
    key_extras: tuple[str, ...] = Field((), description="x_ columns that the policy matches on")
    delivery_handling: DeliveryHandling = Field(
        DeliveryHandling.OVERWRITE, description="Overwrite: a delivery replaces its months; Append: it adds to them"
    )
    correction_handling: CorrectionHandling = Field(
        CorrectionHandling.REPLACEMENT, description="Replacement, Delta or Ledger; matters where deliveries append"
    )
    allow_overlap: bool = Field(
        default=False, description="another source bills the same accounts, and the two hold different charges"
    )
    billed_elsewhere: bool = Field(
        default=False, description="its cost is on another source's bill (a marketplace): keep quantities only"
    )
    by_hand: bool = Field(default=False, description="it is only fed with `trueup ingest file`; never run")
    since: date | None = Field(None, description="the first day to ask a remote source about")
    cadence_minutes: int | None = Field(None, ge=1, description="how often the scheduler runs it")

    # The setting that says where to fetch from, for a kind that does nothing without it.
    fetched_from: ClassVar[str | None] = None

    @property
    def fetches(self) -> bool:
        """Whether a source with these settings is fetched from elsewhere."""
        return not self.by_hand and (self.fetched_from is None or getattr(self, self.fetched_from) is not None)

    @property
    def adds(self) -> bool:
        """Whether a delivery comes on top of what is live. A snapshot that is appended still replaces."""
        return (
            self.delivery_handling is DeliveryHandling.APPEND
            and self.correction_handling is not CorrectionHandling.REPLACEMENT
        )


@dataclass(frozen=True)
class Opening:
    """What there is to open a delivery with."""

    backend: Backend
    files: Sequence[SourceFile]
    scratch: Path  # an empty folder, gone when the ingest ends
    progress: Progress
    settings: Any  # an instance of the kind's settings


@dataclass(frozen=True)
class Window:
    """The billing months that a run asks a remote source about: [start, end), both the first of a month."""

    start: date
    end: date
    today: date


@dataclass(frozen=True)
class Offer:
    """A delivery that a remote source has now, not fetched yet."""

    scope: str  # what it is a snapshot of, such as BILLING_PERIOD=2026-06
    version: str  # changes when the content does: an execution id, an ETag, a high-water mark
    label: str  # for people
    fetch: Callable[[Path, Progress], Sequence[Path]]  # downloads into an empty folder; returns what to ingest


@dataclass(frozen=True)
class Access:
    """Whether one thing that a source needs is permitted and there."""

    ok: bool
    message: str  # what was tried, and the missing permission where one is missing


@dataclass(frozen=True)
class Kind:
    """A kind of source, and the format of its files: the two have one name."""

    name: str
    summary: str
    open: Callable[[Opening], OpenDelivery]  # raises BadInput naming file and row
    settings: type[SourceSettings] = SourceSettings
    suffixes: tuple[str, ...] = SUFFIXES  # of the files that belong to it
    # Which files at hand count, where a folder holds more than a delivery (older executions, say); raises BadInput.
    choose: Callable[[Sequence[SourceFile]], Sequence[SourceFile]] | None = None
    # What it offers now; raises Unavailable (try again later) or NotPermitted. None: it is only fed files at hand.
    offers: Callable[[Any, Window], Iterator[Offer]] | None = None
    check: Callable[[Any], Iterator[Access]] | None = None
    trailing_months: int = 2  # how many months before this one its vendor still corrects
    cadence_minutes: int = 360
    estimates: bool = False  # its amounts are no bill: never live beside a source that bills the same account
