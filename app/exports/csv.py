"""A table as CSV: UTF-8, comma, CRLF (RFC 4180), amounts plain and exact."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from app.domain.money import plain
from app.exports.table import Cell, Table, harmless

_ROWS_PER_CHUNK = 2_000


def csv_chunks(table: Table) -> Iterator[bytes]:
    """The file, in chunks for streaming."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(harmless(column.name) for column in table.columns)
    for start in range(0, len(table.rows), _ROWS_PER_CHUNK):
        writer.writerows(map(_texts, table.rows[start : start + _ROWS_PER_CHUNK]))
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if rest := buffer.getvalue():
        yield rest.encode()


def _texts(row: tuple[Cell, ...]) -> list[str]:
    return [_text(cell) for cell in row]


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return plain(cell)
        case str():
            return harmless(cell)
        case datetime() | date():
            return cell.isoformat()
        case _:
            return str(cell)
