"""A table as Parquet, for machines: amounts as decimal128, or as text where that is too narrow."""

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.domain.money import plain
from app.exports.table import Cell, Kind, Table

_PRECISION = 38  # of decimal128
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.COUNT: pa.int64(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
}


def parquet_bytes(table: Table) -> bytes:
    """The file."""
    columns = {column.name: _array(column.kind, table.cells(i)) for i, column in enumerate(table.columns)}
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target, compression="zstd")
    return target.getvalue()


def _array(kind: Kind, cells: list[Cell]) -> "pa.Array[Any]":
    if kind is not Kind.AMOUNT:
        return pa.array(cells, _TYPES[kind])
    values = [cell for cell in cells if isinstance(cell, Decimal)]
    scale = max((_scale(value) for value in values), default=0)
    whole = max((max(value.adjusted() + 1, 1) for value in values), default=1)
    if whole + scale > _PRECISION:
        return pa.array([plain(cell) if isinstance(cell, Decimal) else None for cell in cells], pa.string())
    trimmed = [Decimal(plain(cell)) if isinstance(cell, Decimal) else None for cell in cells]
    return pa.array(trimmed, pa.decimal128(_PRECISION, scale))


def _scale(value: Decimal) -> int:
    """How many digits come after the point, trailing zeros not counted."""
    return len(plain(value).partition(".")[2])
