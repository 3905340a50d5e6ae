"""The detail store: line items, read by DuckDB from the archived bills as they were mapped when they were booked.

`ingest.detail` writes what is read here. Costs travel as text, so that no digit is lost between two bills of
different scale.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from app.db.queries.line_keys import DetailOfLoad, WantedKey
from app.domain.charge import COSTS
from app.errors import NotFound
from app.settings import settings

FILE, ROW, POSITION = "trueup_file", "file_row_number", "trueup_position"


@dataclass(frozen=True)
class Span:
    """Which lines are meant besides their keys: days of the charge period, and texts that dimensions must have."""

    first_day: date | None
    end_day: date | None
    texts: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class LineTotal:
    """Lines of one currency and share, and what their costs come to before sharing."""

    currency: str
    share: Decimal
    rows: int
    sums: Mapping[str, Decimal]


@dataclass(frozen=True)
class Line:
    """A line of a bill, with the file and row it stands in."""

    source: str
    file: str
    row_number: int
    charge_period_start: datetime
    charge_period_end: datetime
    currency: str
    costs: Mapping[str, Decimal | None]
    share: Decimal
    values: Mapping[str, str | None]  # every cell of the row, under the column's name in the file


@dataclass(frozen=True)
class _Store:
    """The description that `ingest.detail` wrote beside a delivery's archive."""

    folder: Path
    files: tuple[Mapping[str, Any], ...]
    sql: str

    @property
    def bill(self) -> str:
        paths = ", ".join(_path(self.folder / each["parquet"]) for each in self.files)
        return (
            f"SELECT *, (file_index::BIGINT << 40) | {ROW} AS {POSITION} FROM read_parquet([{paths}],"
            f" union_by_name = true, filename = '{FILE}', file_row_number = true)"
        )

    @property
    def lines(self) -> str:
        keys = _path(self.folder / "detail" / "keys.parquet")
        # The name `bill` in the stored SQL is the rows as they lie in the archive.
        return (
            f"SELECT lines.*, charge_key_id FROM (WITH bill AS ({self.bill}) SELECT * FROM ({self.sql})) AS lines"
            f" JOIN read_parquet({keys}) USING (line_digest)"
        )


class DetailReader:
    """Line items of some loads, limited to some charge keys."""

    def __init__(self, loads: Sequence[DetailOfLoad], wanted: Sequence[WantedKey], span: Span) -> None:
        self._loads = {load.load_id: load for load in loads if any(key.load_id == load.load_id for key in wanted)}
        self._span = span
        self._connection = duckdb.connect()
        self._connection.execute("SET memory_limit = '512MB'")
        self._connection.execute("SET enable_progress_bar = false")
        self._connection.register("wanted", _wanted_table(wanted))

    def totals(self) -> list[LineTotal]:
        """What all the lines come to, exactly."""
        found = []
        sums = ", ".join(f"sum({cost})" for cost in COSTS)
        for load_id in self._loads:
            query = f"SELECT billing_currency, share, count(*), {sums} FROM ({self._chosen(load_id)}) GROUP BY 1, 2"
            for currency, share, rows, *costs in self._connection.execute(query).fetchall():
                values = {cost: value or Decimal(0) for cost, value in zip(COSTS, costs, strict=True)}
                found.append(LineTotal(currency, Decimal(share), rows, values))
        return found

    def lines(self, *, limit: int, offset: int) -> list[Line]:
        """Lines by charge day, source, file and row."""
        if not self._loads:
            return []
        texts = ", ".join(f"CAST({cost} AS VARCHAR) AS {cost}" for cost in COSTS)
        parts = " UNION ALL ".join(
            f"SELECT {load_id} AS load_id, charge_day, billing_currency, {FILE}, {ROW}, share, {texts}"
            f" FROM ({self._chosen(load_id)})"
            for load_id in self._loads
        )
        query = f"SELECT * FROM ({parts}) ORDER BY charge_day, load_id, {FILE}, {ROW} LIMIT {limit} OFFSET {offset}"
        chosen = self._connection.execute(query).fetchall()
        cells = {
            load_id: self._cells(load_id, [(row[3], row[4]) for row in chosen if row[0] == load_id])
            for load_id in {row[0] for row in chosen}
        }
        return [self._line(row, cells[row[0]][row[3], row[4]]) for row in chosen]

    def _store(self, load_id: int) -> _Store:
        load = self._loads[load_id]
        return _opened(settings().archive_dir / load.source / load.delivery_sha256, load.source)

    def _chosen(self, load_id: int) -> str:
        period = self._loads[load_id].billing_period_start
        conditions = [f"billing_period_start = DATE '{period}'"]
        if self._span.first_day:
            conditions.append(f"charge_day >= DATE '{self._span.first_day}'")
        if self._span.end_day:
            conditions.append(f"charge_day < DATE '{self._span.end_day}'")
        # Sorts most lines out before their digest is worked out; the wanted keys decide.
        # `contains`, because a key's text is the cell's without the blanks around it, of any kind.
        conditions += [
            f"({' OR '.join(f'contains({name}, {_text(text)})' for text in texts)})"
            for name, texts in self._span.texts.items()
        ]
        return (
            f"SELECT chosen.*, wanted.share FROM (SELECT * FROM ({self._store(load_id).lines})"
            f" WHERE {' AND '.join(conditions)}) AS chosen JOIN wanted ON wanted.load_id = {load_id}"
            " AND wanted.charge_key_id = chosen.charge_key_id"
            " AND chosen.charge_day >= wanted.first_day AND chosen.charge_day < wanted.end_day"
        )

    def _cells(self, load_id: int, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], dict[str, Any]]:
        """Every cell of the rows at `places`, as text under its column's name."""
        self._connection.register(
            "places", pa.table({FILE: [file for file, _ in places], ROW: [row for _, row in places]})
        )
        query = (
            f"SELECT bill.* EXCLUDE ({POSITION}) FROM ({self._store(load_id).bill}) AS bill"
            f" SEMI JOIN places USING ({FILE}, {ROW})"
        )
        rows = self._connection.execute(query).to_arrow_table().to_pylist(maps_as_pydicts="strict")
        return {(row.pop(FILE), row.pop(ROW)): row for row in rows}

    def _line(self, row: tuple[Any, ...], cells: dict[str, Any]) -> Line:
        load_id, day, currency, parquet, number, share, *costs = row
        store = self._store(load_id)
        file = next(each for each in store.files if str(store.folder / each["parquet"]) == parquet)
        return Line(
            source=self._loads[load_id].source,
            file=file["name"],
            row_number=number + file["header_rows"] + 1,
            charge_period_start=_instant(cells, "chargeperiodstart", day),
            charge_period_end=_instant(cells, "chargeperiodend", day),
            currency=currency,
            costs={name: None if text is None else Decimal(text) for name, text in zip(COSTS, costs, strict=True)},
            share=Decimal(share),
            values={name: _cell(value) for name, value in cells.items()},
        )

    def close(self) -> None:
        """Lets go of the memory."""
        self._connection.close()


@contextmanager
def detail_reader(loads: Sequence[DetailOfLoad], wanted: Sequence[WantedKey], span: Span) -> Iterator[DetailReader]:
    """A reader of the line items of `loads` under the `wanted` keys."""
    reader = DetailReader(loads, wanted, span)
    try:
        yield reader
    finally:
        reader.close()


@lru_cache(maxsize=256)
def _opened(folder: Path, source: str) -> _Store:
    description = folder / "detail" / "detail.json"
    if not description.exists():
        raise NotFound(
            f"The archived bill of '{source}' is not in {folder.parent.parent}."
            " Point TRUEUP_DATA_DIR at the folder that bills were ingested with."
        )
    stored = json.loads(description.read_text())
    return _Store(folder, tuple(stored["files"]), stored["sql"])


def _wanted_table(wanted: Sequence[WantedKey]) -> pa.Table:
    return pa.table(
        {
            "load_id": pa.array([key.load_id for key in wanted], pa.int64()),
            "charge_key_id": pa.array([key.charge_key_id for key in wanted], pa.int64()),
            "first_day": pa.array([key.first_day for key in wanted], pa.date32()),
            "end_day": pa.array([key.end_day for key in wanted], pa.date32()),
            "share": pa.array([str(key.share) for key in wanted], pa.string()),
        }
    )


def _instant(cells: Mapping[str, Any], name: str, day: date) -> datetime:
    value = next((value for column, value in cells.items() if column.casefold() == name), None)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    try:
        return datetime.fromisoformat(str(value).strip()).replace(tzinfo=None)
    except ValueError:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (UTC without saying so, as bills write it)


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, default=str)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _path(path: Path) -> str:
    """A path as a SQL literal. DuckDB would read wildcards in it, so they are made plain."""
    return _text("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
