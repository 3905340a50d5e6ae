"""Opening files as a kind does, without a database: what its FOCUS rows and drivers are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.settings import Settings
from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import engine, rows_of
from ingest.files import bill_files
from ingest.kind import Kind, Opening
from ingest.pipeline import no_progress


@dataclass(frozen=True)
class Opened:
    """What a delivery holds, in plain values."""

    delivery: OpenDelivery

    @property
    def focus(self) -> list[dict[str, Any]]:
        """The FOCUS rows, in the order of their native rows."""
        return sorted(rows_of(self.delivery.focus), key=lambda row: row["trueup_position"])

    @property
    def drivers(self) -> dict[tuple[str, str, str | None], dict[str, Decimal]]:
        """Day, name and service provider -> dimensions as JSON -> quantity."""
        assert self.delivery.drivers is not None
        found: dict[tuple[str, str, str | None], dict[str, Decimal]] = {}
        for row in rows_of(self.delivery.drivers):
            json.loads(row["dimensions"])  # it is JSON
            of_day = found.setdefault((str(row["day"]), row["name"], row["service_provider_name"]), {})
            assert row["dimensions"] not in of_day
            of_day[row["dimensions"]] = Decimal(row["quantity"])
        return found

    def total(self, name: str, **dimensions: str) -> Decimal:
        """The sum of a driver over everything that has these dimensions."""
        return sum(
            (
                quantity
                for (_, driver, _), of_day in self.drivers.items()
                for told, quantity in of_day.items()
                if driver == name and dimensions.items() <= json.loads(told).items()
            ),
            Decimal(0),
        )


@contextmanager
def opened(kind: Kind, folder: Path, *paths: Path, **settings: Any) -> Iterator[Opened]:
    """`paths` opened as `kind` opens them; `folder` is for what it writes on the way."""
    scratch = folder / "scratch"
    scratch.mkdir()
    with engine(Settings(data_dir=folder / "data", threads=2), scratch) as backend:
        files = bill_files(paths, kind.suffixes)
        yield Opened(kind.open(Opening(backend, files, scratch, no_progress, kind.settings(**settings))))
