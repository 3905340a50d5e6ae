"""The detail store: line items, read by DuckDB from the archived bills as they were mapped when they were booked.

`ingest.detail` writes what is read here; `app.db.detail_files` brings what this machine lacks. Costs travel as text, so
that no digit is lost between two bills of different scale.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from app.db.detail_files import KEYS, complete, described
from app.db.line import Line, LineTotal, Span
from app.db.queries.line_keys import DetailOfLoad, WantedKey
from app.domain.charge import COSTS
from app.settings import settings

FILE, ROW, POSITION, KEY = "trueup_file", "file_row_number", "trueup_position", "trueup_key"


@dataclass(frozen=True)
class _Store:
    """A delivery's folder in the archive, and the description that `ingest.detail` wrote in it."""

    folder: Path
    files: tuple[Mapping[str, Any], ...]
    sql: str

    @property
    def bill(self) -> str:
        paths = ", ".join(_path(self.folder / each["parquet"]) for each in self.files)
        return (
            f"SELECT *, (file_index::BIGINT << 40) | ({ROW} << 4) AS {POSITION}, 0::UBIGINT AS {KEY}"
            f" FROM read_parquet([{paths}],"
            f" union_by_name = true, filename = '{FILE}', file_row_number = true)"
        )

    @property
    def lines(self) -> str:
        keys = _path(self.folder / KEYS)
        # The name `bill` in the stored SQL is the rows as they lie in the archive.
        return (
            f"SELECT lines.*, charge_key_id FROM (WITH bill AS ({self.bill}) SELECT * FROM ({self.sql})) AS lines"
            f" JOIN read_parquet({keys}) USING (line_digest)"
        )


class DetailReader:
    """Line items of some loads, limited to some charge keys. Each delivery is read once, however many loads it has."""

    def __init__(self, loads: Sequence[DetailOfLoad], wanted: Sequence[WantedKey], span: Span) -> None:
        wanted_loads = {key.load_id for key in wanted}
        self._loads = [load for load in loads if load.load_id in wanted_loads]
        self._deliveries = list(dict.fromkeys((load.source, load.delivery_sha256) for load in self._loads))
        self._span = span
        self._connection = duckdb.connect()
        self._connection.execute("SET memory_limit = '512MB'")
        self._connection.execute("SET enable_progress_bar = false")
        periods = {load.load_id: load.billing_period_start for load in self._loads}
        numbers: dict[int, list[int]] = {}
        for load in self._loads:
            numbers.setdefault(load.load_id, []).append(self._deliveries.index((load.source, load.delivery_sha256)))
        self._connection.register("wanted", _wanted_table(wanted, numbers, periods))

    def totals(self) -> list[LineTotal]:
        """What all the lines come to, exactly."""
        found = []
        sums = ", ".join(f"sum({cost})" for cost in COSTS)
        for number in range(len(self._deliveries)):
            query = f"SELECT billing_currency, share, count(*), {sums} FROM {self._found(number)} GROUP BY 1, 2"
            for currency, share, rows, *costs in self._connection.execute(query).fetchall():
                values = {cost: value or Decimal(0) for cost, value in zip(COSTS, costs, strict=True)}
                found.append(LineTotal(currency, Decimal(share), rows, values))
        return found

    def lines(self, *, limit: int, offset: int) -> list[Line]:
        """Lines by charge day, source, file and row."""
        if not self._deliveries:
            return []
        texts = ", ".join(f"CAST({cost} AS VARCHAR) AS {cost}" for cost in COSTS)
        parts = " UNION ALL ".join(
            f"SELECT {number} AS delivery, charge_day, billing_currency, {FILE}, {ROW}, share, {texts}"
            f" FROM {self._found(number)}"
            for number in range(len(self._deliveries))
        )
        query = f"SELECT * FROM ({parts}) ORDER BY charge_day, delivery, {FILE}, {ROW} LIMIT {limit} OFFSET {offset}"
        chosen = self._connection.execute(query).fetchall()
        cells = {
            number: self._cells(number, [(row[3], row[4]) for row in chosen if row[0] == number])
            for number in {row[0] for row in chosen}
        }
        return [self._line(row, cells[row[0]][row[3], row[4]]) for row in chosen]

    def _store(self, number: int) -> _Store:
        source, sha256 = self._deliveries[number]
        newest = max(
            load.received_at for load in self._loads if (load.source, load.delivery_sha256) == (source, sha256)
        )
        folder = complete(settings(), source, sha256, newest)
        found = described(folder)
        assert found, "a complete folder has its description"
        return _Store(folder, found.files, found.sql)

    def _found(self, number: int) -> str:
        """The lines of a delivery that are asked for, as something to select from.

        A question that names values finds few lines: they are kept, so that the bill is read for them once.
        """
        if not self._span.texts:
            return f"({self._chosen(number)})"
        costs = ", ".join(COSTS)
        self._connection.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS found_{number} AS"
            f" SELECT charge_day, billing_currency, {FILE}, {ROW}, share, {costs} FROM ({self._chosen(number)})"
        )
        return f"found_{number}"

    def _chosen(self, number: int) -> str:
        periods = sorted(
            load.billing_period_start
            for load in self._loads
            if (load.source, load.delivery_sha256) == self._deliveries[number]
        )
        conditions = [f"billing_period_start IN ({', '.join(f'{_day(period)}' for period in periods)})"]
        if self._span.first_day:
            conditions.append(f"charge_day >= {_day(self._span.first_day)}")
        if self._span.end_day:
            conditions.append(f"charge_day < {_day(self._span.end_day)}")
        # Sorts most lines out before their digest is worked out; the wanted keys decide. `contains`, because a key's
        # text is the cell's without the blanks around it, of any kind.
        conditions += [
            f"({' OR '.join(f'contains({name}, {_text(text)})' for text in texts)})"
            for name, texts in self._span.texts.items()
        ]
        return (
            f"SELECT chosen.*, wanted.share FROM (SELECT * FROM ({self._store(number).lines})"
            f" WHERE {' AND '.join(conditions)}) AS chosen JOIN wanted ON wanted.delivery = {number}"
            " AND wanted.billing_period_start = chosen.billing_period_start"
            " AND wanted.charge_key_id = chosen.charge_key_id"
            " AND chosen.charge_day >= wanted.first_day AND chosen.charge_day < wanted.end_day"
        )

    def _cells(self, number: int, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], dict[str, Any]]:
        """Every cell of the rows at `places`, as text under its column's name."""
        rows_of: dict[str, list[int]] = {}
        for file, row in places:
            rows_of.setdefault(file, []).append(row)
        # File and row rather than a join: Parquet is then read at those rows alone.
        at = " OR ".join(
            f"({FILE} = {_text(file)} AND {ROW} IN ({', '.join(map(str, rows))}))" for file, rows in rows_of.items()
        )
        query = f"SELECT bill.* EXCLUDE ({POSITION}, {KEY}) FROM ({self._store(number).bill}) AS bill WHERE {at}"
        rows = self._connection.execute(query).to_arrow_table().to_pylist(maps_as_pydicts="strict")
        return {(row.pop(FILE), row.pop(ROW)): row for row in rows}

    def _line(self, row: tuple[Any, ...], cells: dict[str, Any]) -> Line:
        number, day, currency, parquet, place, share, *costs = row
        store = self._store(number)
        file = next(each for each in store.files if str(store.folder / each["parquet"]) == parquet)
        return Line(
            source=self._deliveries[number][0],
            file=file["name"],
            row_number=place + file["header_rows"] + 1,
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


def _wanted_table(
    wanted: Sequence[WantedKey], deliveries: Mapping[int, Sequence[int]], period: Mapping[int, date]
) -> pa.Table:
    """The wanted keys by delivery and billing period, as DuckDB joins them."""
    pairs = [(key, delivery) for key in wanted for delivery in deliveries[key.load_id]]
    return pa.table(
        {
            "delivery": pa.array([delivery for _, delivery in pairs], pa.int64()),
            "billing_period_start": pa.array([period[key.load_id] for key, _ in pairs], pa.date32()),
            "charge_key_id": pa.array([key.charge_key_id for key, _ in pairs], pa.int64()),
            "first_day": pa.array([key.first_day for key, _ in pairs], pa.date32()),
            "end_day": pa.array([key.end_day for key, _ in pairs], pa.date32()),
            "share": pa.array([str(key.share) for key, _ in pairs], pa.string()),
        }
    )


def _day(day: date) -> str:
    return f"DATE '{day}'"


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
