"""A kind of source whose vendor is a shelf: tests put deliveries on it, or faults, and take them away again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.errors import TrueupError
from ingest.files import Progress
from ingest.focus.kind import open_focus
from ingest.kind import Access, Kind, Offer, SourceSettings, Window
from tests.ingest.bills import Row, write_csv

On = Offer | TrueupError
SHELF: list[On] = []
WINDOWS: list[Window] = []  # what was asked about, in order


def offer(scope: str, version: str, rows: Sequence[Row], *, fault: TrueupError | None = None) -> Offer:
    """A delivery of FOCUS rows; with a `fault`, one that cannot be fetched."""

    def fetch(folder: Path, progress: Progress) -> Sequence[Path]:
        if fault:
            raise fault
        progress("download", 1)
        return [write_csv(folder / f"{scope}.csv", rows)]

    return Offer(scope, version, f"the bill of {scope}", fetch)


def _offers(_settings: SourceSettings, window: Window) -> Iterator[Offer]:
    WINDOWS.append(window)
    for each in SHELF:
        if isinstance(each, TrueupError):
            raise each
        yield each


def _check(_settings: SourceSettings) -> Iterator[Access]:
    yield Access(not SHELF, "the shelf is empty")


KIND = Kind("shelf", "a shelf", open_focus, offers=_offers, check=_check)
