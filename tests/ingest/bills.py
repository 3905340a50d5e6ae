"""Small FOCUS bills, written as a test wants them: a row, a CSV, a Parquet file."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.domain.period import next_month

Row = dict[str, Any]


def focus_row(cost: str | None = "1", *, day: str = "2026-03-02", **cells: Any) -> Row:
    """A row of a FOCUS 1.0 bill: usage of a virtual machine on `day`, invoiced in its month, all four costs alike.

    `cells` are FOCUS columns with what they shall hold instead, or columns to add.
    """
    start = date.fromisoformat(day)
    return {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "BillingAccountId": "1000",
        "BillingAccountName": "Acme",
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{start.replace(day=1)}T00:00:00Z",
        "BillingPeriodEnd": f"{next_month(start)}T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeDescription": "An hour of a machine",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day}T01:00:00Z",
        "InvoiceIssuerName": "AWS",
        "PricingQuantity": "1",
        "PricingUnit": "Hours",
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "ServiceCategory": "Compute",
        "ServiceName": "Amazon EC2",
        "ResourceId": "i-1",
        "Tags": None,
        **cells,
    }


def without(row: Row, *columns: str) -> Row:
    """`row` without some of its columns."""
    return {name: cell for name, cell in row.items() if name not in columns}


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Every column that some row has, in the order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def csv_text(rows: Sequence[Row], *, delimiter: str = ",") -> str:
    """The rows as CSV with a header; None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns_of(rows), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_csv(path: Path, rows: Sequence[Row], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Writes the rows as CSV, gzipped when the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = csv_text(rows, delimiter=delimiter).encode(encoding)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix.lower() == ".gz" else data)
    return path


def write_parquet(path: Path, rows: Sequence[Row], types: Mapping[str, pa.DataType] | None = None) -> Path:
    """Writes the rows as Parquet; a column is text unless `types` says otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = columns_of(rows)
    schema = pa.schema([(name, (types or {}).get(name, pa.string())) for name in columns])
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=schema)
    pq.write_table(table, path)
    return path
