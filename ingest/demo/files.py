"""FOCUS rows as files: plain CSV, gzipped CSV and Parquet, the same bytes for the same rows."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.domain.money import plain
from ingest.demo.row import DATES, DECIMALS, MAPS, Row, Value

# Every cost of the demo has at most this many fractional digits; Arrow refuses to round one that had more.
_DECIMAL = pa.decimal128(38, 18)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row], *, byte_order_mark: bool = False) -> None:
    """A CSV file, with the byte order mark that Excel and Azure exports put first where asked for."""
    path.write_bytes(_csv(columns, rows).encode("utf-8-sig" if byte_order_mark else "utf-8"))


def write_csv_gz(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """A gzipped CSV file without a time or a name in its header, so that its bytes depend on the rows alone."""
    path.write_bytes(gzip.compress(_csv(columns, rows).encode(), compresslevel=6, mtime=0))


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """A Parquet file as AWS Data Exports writes it: decimal costs, UTC timestamps without a zone, tags as a map."""
    arrays = {column: _array(column, [row.get(column) for row in rows]) for column in columns}
    pq.write_table(pa.table(arrays), path, compression="snappy")


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_texts(column, rows) for column in columns), strict=True))
    return text.getvalue()


def _texts(column: str, rows: Sequence[Row]) -> list[Value]:
    """A column's cells as text, where most are text already; None is written as an empty cell."""
    if column in DATES | DECIMALS | MAPS:
        return [_text(row.get(column)) for row in rows]
    return [row.get(column) for row in rows]


def _text(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    return json.dumps(dict(value), sort_keys=True, separators=(",", ":"))


def _array(column: str, values: list[Value]) -> "pa.Array[Any]":
    if column in DATES:
        return pa.array(values, pa.date32()).cast(pa.timestamp("ms"))
    if column in DECIMALS:
        return pa.array(values, _DECIMAL)
    if column in MAPS:
        return pa.array([_pairs(value) for value in values], pa.map_(pa.string(), pa.string()))
    return pa.array(values, pa.string())


def _pairs(value: Value) -> list[tuple[str, str]] | None:
    return sorted(value.items()) if isinstance(value, Mapping) else None
