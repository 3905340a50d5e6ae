"""The demo company written once, and its rows read back from the files with what a stranger would use."""

import csv
import gzip
import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.demo.company import DemoDelivery, write_company
from ingest.demo.row import DECIMALS, MAPS

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
        return [
            {name: _from_parquet(name, value) for name, value in row.items()} for row in pq.read_table(file).to_pylist()
        ]
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text("utf-8-sig")
    return [{name: _from_text(name, value) for name, value in row.items()} for row in csv.DictReader(text.splitlines())]


def _from_parquet(name: str, value: Any) -> Any:
    if value is not None and name in MAPS:
        return dict(value)
    return f"{value:%Y-%m-%d}" if name.endswith(("PeriodStart", "PeriodEnd")) else value


def _from_text(name: str, value: str) -> Any:
    if not value:
        return None
    if name in MAPS:
        return json.loads(value)
    if name in DECIMALS:
        return Decimal(value)
    return value.removesuffix("T00:00:00Z") if name.endswith(("PeriodStart", "PeriodEnd")) else value
