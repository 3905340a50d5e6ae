"""Rows that break rules, looked up by their position: the file, the row as its reader counts, and what stands there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ibis.backends.duckdb import Backend

from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import FILE, POSITION, ROW, quoted
from ingest.focus.rules.cells import Cells

_ROWS = (1 << 36) - 1
ROW_OF_POSITION = f"({POSITION} >> 4) & {_ROWS}"  # see POSITION_SQL
LONGEST = 200  # characters of a cell that are shown


@dataclass(frozen=True)
class Place:
    """Where a row stands, and its cells as text by FOCUS column."""

    file: str
    row_number: int
    cells: Mapping[str, str | None]


def places(
    backend: Backend, delivery: OpenDelivery, relation: str, cells: Cells, wanted: Mapping[int, set[str]]
) -> dict[int, Place]:
    """The rows at the `wanted` positions, each with the columns that are wanted of it."""
    columns = sorted({name for names in wanted.values() for name in names if name in cells.names})
    found: dict[int, Place] = {}
    for number, rows in _rows_by_file(wanted).items():
        # File and row rather than position: Parquet is then read at those rows alone.
        query = (
            f"SELECT {', '.join([POSITION, FILE, ROW, *(_shown(cells, name) for name in columns)])} FROM {relation}"
            f" WHERE {FILE} = {quoted(str(delivery.files[number].parquet))} AND {ROW} IN ({', '.join(map(str, rows))})"
        )
        for position, parquet, row, *values in backend.raw_sql(query).fetchall():
            if position in wanted:
                file, row_number = delivery.place(parquet, row)
                found[position] = Place(file, row_number, dict(zip(columns, values, strict=True)))
    return found


def _rows_by_file(positions: Mapping[int, set[str]]) -> dict[int, list[int]]:
    """Which rows of which file (by its number in the delivery) stand at the positions."""
    found: dict[int, set[int]] = {}
    for position in positions:
        found.setdefault(position >> 40, set()).add((position >> 4) & _ROWS)
    return {number: sorted(rows) for number, rows in found.items()}


def _shown(cells: Cells, column: str) -> str:
    return f"left(CAST({cells.raw(column)} AS VARCHAR), {LONGEST})"


def told(place: Place, columns: Sequence[str]) -> str:
    """The cells of some columns, for people: the value alone where it is one, else each with its name."""
    values = [(name, "null" if place.cells.get(name) is None else str(place.cells[name])) for name in columns]
    return values[0][1] if len(values) == 1 else ", ".join(f"{name}={value}" for name, value in values)
