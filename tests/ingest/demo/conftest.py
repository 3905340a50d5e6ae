"""The demo company written once, and its rows read back from the files with what a stranger would use."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.demo.company import DemoDelivery, write_company
from ingest.demo.row import DATES, DECIMALS, MAPS

TODAY = date(2026, 11, 24)
Charges = list[dict[str, Any]]


@pytest.fixture(scope="session")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[DemoDelivery]:
    return write_company(tmp_path_factory.mktemp("acme"), today=TODAY)


@pytest.fixture(scope="session")
def first_pass(deliveries: list[DemoDelivery]) -> dict[str, Charges]:
    """Each source's rows as first delivered."""
    rows: dict[str, Charges] = defaultdict(list)
    for delivery in deliveries:
        if delivery.path.is_dir():
            for file in sorted(delivery.path.iterdir()):
                rows[delivery.source] += read(file)
    return rows


@pytest.fixture(scope="session")
def restated(deliveries: list[DemoDelivery]) -> Charges:
    """The month of AWS that was delivered again."""
    return read(deliveries[-1].path)


@pytest.fixture(scope="session")
def charges(first_pass: dict[str, Charges], restated: Charges) -> dict[str, Charges]:
    """Each source's rows as they stand once every delivery is in."""
    again = restated[0]["BillingPeriodStart"]
    kept = [row for row in first_pass["aws"] if row["BillingPeriodStart"] != again]
    return {**first_pass, "aws": kept + restated}


def read(file: Path) -> Charges:
    """A file's rows: decimals, dates as YYYY-MM-DD, maps as dicts, and None for what is empty."""
    if file.suffix == ".parquet":
        return _from_parquet(file)
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text("utf-8-sig")
    header, *lines = csv.reader(text.splitlines())
    readers = [_reader(name) for name in header]
    return [
        {name: read_cell(cell) if cell else None for name, read_cell, cell in zip(header, readers, line, strict=True)}
        for line in lines
    ]


def _from_parquet(file: Path) -> Charges:
    dates = ", ".join(f"{name}::DATE::VARCHAR AS {name}" for name in sorted(DATES))
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT * REPLACE ({dates}) FROM read_parquet(?)", [str(file)])
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def _reader(name: str) -> Callable[[str], Any]:
    if name in DATES:
        return lambda cell: cell.removesuffix("T00:00:00Z")
    return Decimal if name in DECIMALS else json.loads if name in MAPS else str
