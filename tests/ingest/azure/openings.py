"""Deliveries opened without a database, for a look at what a kind makes of files."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.files import bill_files
from ingest.finding import Finding
from ingest.kind import Kind, Opening


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    version: str
    rows: list[dict[str, Any]]  # FOCUS rows, in the order of the files
    lines: list[dict[str, Any]]
    notes: tuple[Finding, ...]
    drivers: list[dict[str, Any]]
    set_aside: dict[str, str]

    def total(self, cost: str) -> Any:
        """An exact sum; compare it with whatever number."""
        return sum((line[cost] or Decimal(0) for line in self.lines if line["problem"] is None), Decimal(0))

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def seen(kind: Kind, *paths: Path, **told: Any) -> Seen:
    """What `kind` makes of the files at `paths`."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        with engine(Settings(data_dir=scratch, threads=1), scratch) as backend:
            files = bill_files(paths, kind.suffixes)
            opened = kind.open(Opening(backend, files, scratch, _nobody, kind.settings(**told)))
            return Seen(
                opened.version,
                rows_of(opened.focus.order_by("trueup_position")),
                rows_of(opened.lines.order_by("trueup_position")),
                opened.notes,
                rows_of(opened.drivers) if opened.drivers is not None else [],
                {file.name: what for file, what in opened.set_aside},
            )


def number(cell: str) -> Any:
    """What a cell says, exactly; compare it with whatever number."""
    return Decimal(cell)


def _nobody(_stage: str, _done: int) -> None:
    """Is told of the progress."""
