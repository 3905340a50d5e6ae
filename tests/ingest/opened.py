"""A delivery opened without a database: what a kind makes of files."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.files import bill_files
from ingest.kind import Kind, Opening


@dataclass(frozen=True)
class Opened:
    """Its FOCUS rows, what can be booked of them, and its drivers."""

    focus: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    drivers: list[dict[str, Any]]

    @property
    def billed(self) -> Decimal:
        return sum((line["billed_cost"] for line in self.lines if line["billed_cost"] is not None), Decimal(0))


def opened(kind: Kind, paths: Sequence[Path], scratch: Path, **told: Any) -> Opened:
    """What `kind` makes of `paths`, with settings `told`."""
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        backend = stack.enter_context(engine(Settings(data_dir=scratch, threads=1), scratch))
        files = bill_files(paths, kind.suffixes)
        settings = kind.settings(**told)
        delivery = kind.open(Opening(backend, files, scratch, lambda _stage, _done: None, settings))
        return Opened(
            rows_of(delivery.focus),
            rows_of(delivery.lines),
            rows_of(delivery.drivers) if delivery.drivers is not None else [],
        )
