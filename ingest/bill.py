"""A delivery read once: what went in, what cannot be booked, which rules it breaks, and the roll-up to be booked.

`Bill` lives in DuckDB until it is booked; its money is exact from here to Postgres.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
from ibis.backends.duckdb import Backend

from app.db.load_driver import DriverRow
from app.domain.charge import COSTS, QUANTITIES
from app.errors import BadInput
from ingest.bill_drivers import drivers_by_period
from ingest.delivery import DIGESTED, OpenDelivery, measured, without_charges
from ingest.engine.csv_rows import csv_rows
from ingest.engine.duckdb import FILE, FILE_OF_POSITION, PARTS, POSITION, ROW, literal, quoted, rows_of
from ingest.keys import Key, charge_key
from ingest.rollup import COUNTERS, LINE_KEY, control_totals, keyed_lines, rollup, unusual

QUARANTINE_SHOWN = 1000


@dataclass(frozen=True)
class ControlTotal:
    """Rows and sums of the part of a delivery with one billing period, currency and fate."""

    billing_period_start: date | None
    billing_currency: str | None
    problem: str | None  # the column that keeps these rows from being booked
    rows: int
    sums: Mapping[str, Decimal | None]  # by cost
    counters: Mapping[str, int]  # rows that lack a cost, or break a rule that only a whole row shows


@dataclass(frozen=True)
class Quarantined:
    """A row that cannot be booked."""

    file: str
    row_number: int
    column: str
    value: str | None
    billed_cost: str | None
    effective_cost: str | None


@dataclass(frozen=True)
class DistinctLine:
    """A combination of dimensions as written, and the charge key that it tidies up to."""

    position: int  # of the first line that has it
    digest: str
    key: Key


@dataclass(frozen=True)
class Bill:
    """A delivery, rolled up in `backend` and ready to be booked."""

    backend: Backend
    delivery: OpenDelivery
    totals: tuple[ControlTotal, ...]
    quarantined: tuple[Quarantined, ...]
    lines: tuple[DistinctLine, ...]
    drivers: Mapping[date, Sequence[DriverRow]]  # by the billing period whose load keeps them

    @property
    def periods(self) -> tuple[date, ...]:
        """The billing periods it has bookable rows of, or, without charges, the months of its drivers; oldest first."""
        if not self.delivery.has_charges:
            return tuple(sorted(self.drivers))
        return _periods(self.totals)

    def days(self, period: date) -> tuple[date, date]:
        """The first and the last day that the load of a billing period holds something of."""
        query = "SELECT min(charge_day), max(charge_day) FROM rolled"
        query += f" WHERE billing_period_start = DATE '{period}' AND problem IS NULL"
        days = [day for day in self.backend.raw_sql(query).fetchone() if day]
        days += [row[0] for row in self.drivers.get(period, ())]
        return min(days, default=period), max(days, default=period)

    @property
    def booked(self) -> tuple[ControlTotal, ...]:
        """The control totals of what will be booked."""
        return tuple(total for total in self.totals if total.problem is None)

    @property
    def rows_in(self) -> int:
        """How many rows were handed over."""
        return sum(total.rows for total in self.totals)

    @property
    def rows_quarantined(self) -> int:
        """How many of them cannot be booked."""
        return sum(total.rows for total in self.totals if total.problem)


def read_bill(backend: Backend, delivery: OpenDelivery) -> Bill:
    """Reads the whole delivery. Raises BadInput when not a single row can be booked or a sum is too long to keep."""
    try:
        _roll_up(backend, delivery)
        totals = tuple(_control_totals(backend))
        if any(t.problem or t.counters["unread_number"] for t in totals) and (exact := measured(backend, delivery)):
            delivery = exact
            _roll_up(backend, delivery)
            totals = tuple(_control_totals(backend))
        quarantined = tuple(_quarantined(backend, delivery)) if any(t.problem for t in totals) else ()
        if delivery.has_charges and not any(total.problem is None for total in totals):
            raise BadInput(_nothing_bookable(delivery, quarantined))
    except duckdb.OutOfRangeException as error:
        raise BadInput(
            "A sum of costs has more digits than can be kept exactly. Look for a broken number in the cost columns;"
            " Trueup never rounds one."
        ) from error
    rows = _distinct_lines(backend, delivery)
    lines = tuple(_keyed(rows, delivery.mapping.key_extras))
    keys = {line.position: line.key for line in lines}
    drivers = drivers_by_period(backend, delivery, keys, _periods(totals))
    return Bill(backend, delivery, totals, quarantined, lines, drivers)


def quantities_only(bill: Bill) -> Bill:
    """The bill without its charges, for a source whose cost is on another source's bill.

    Its billing periods stay, so that charges booked before give way. Raises BadInput where it holds no quantities.
    """
    if not any(bill.drivers.values()):
        raise BadInput(
            f"{bill.delivery.files[0].file.name} holds charges and no quantities (tokens, requests, …), and its source"
            " is set to be billed elsewhere, so nothing of it can be kept. Hand over its usage as well, or count its"
            " charges: `trueup sources set NAME --unset billed-elsewhere`."
        )
    drivers = {period: bill.drivers.get(period, ()) for period in {*bill.periods, *bill.drivers}}
    return replace(read_bill(bill.backend, without_charges(bill.delivery)), drivers=drivers)


def _keyed(rows: Iterable[Mapping[str, Any]], extra_names: tuple[str, ...]) -> Iterator[DistinctLine]:
    """Lines with their charge keys: of lines that are alike but for what others determine, the first one's."""
    keys: dict[str, Key] = {}
    for row in sorted(rows, key=lambda each: int(each[POSITION])):
        digest = row["line_digest"]
        if digest not in keys:
            keys[digest] = charge_key(row, extra_names)
        yield DistinctLine(row[POSITION], digest, keys[digest])


def _periods(totals: Iterable[ControlTotal]) -> tuple[date, ...]:
    """The billing periods of what can be booked, oldest first."""
    found = {each.billing_period_start for each in totals if each.problem is None and each.billing_period_start}
    return tuple(sorted(found))


def _roll_up(backend: Backend, delivery: OpenDelivery) -> None:
    count: Collection[str] = unusual(delivery.lines, delivery.mapping)
    while True:
        rolled = rollup(delivery.lines, delivery.mapping, delivery.telling, count=count)
        backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE rolled AS {backend.compile(rolled)}")
        if not backend.raw_sql("SELECT sum(uncounted) FROM rolled").fetchone()[0]:
            return
        count = COUNTERS


def _control_totals(backend: Backend) -> Iterator[ControlTotal]:
    for row in rows_of(control_totals(backend.table("rolled"))):
        yield ControlTotal(
            row["billing_period_start"],
            row["billing_currency"],
            row["problem"],
            row["row_count"],
            {cost: row[cost] for cost in COSTS},
            {name: row[name] or 0 for name in COUNTERS},
        )


def _quarantined(backend: Backend, delivery: OpenDelivery) -> Iterator[Quarantined]:
    columns, lines = delivery.mapping.columns, delivery.lines
    problems = backend.compile(lines.filter(lines.problem.notnull())[[FILE, ROW, POSITION, "problem"]])
    places = f"CREATE OR REPLACE TEMP TABLE problem AS {problems} ORDER BY {POSITION} LIMIT {QUARANTINE_SHOWN}"
    backend.raw_sql(places)
    cells = {name: f'focus."{columns[name]}"' for name in _MUST_BE_READABLE}
    native = [name for (name,) in backend.raw_sql("SELECT DISTINCT problem FROM problem").fetchall()]
    cells |= {name: f'bill."{name}"' for name in native if name not in cells}
    value = "CASE problem " + " ".join(
        f"WHEN {quoted(name)} THEN CAST({cell} AS VARCHAR)" for name, cell in cells.items()
    )
    query = (
        f"SELECT {FILE}, {ROW}, problem, {value} END, CAST({cells['billed_cost']} AS VARCHAR),"
        f" CAST({cells['effective_cost']} AS VARCHAR) FROM problem"
        f" JOIN ({backend.compile(delivery.focus)}) AS focus USING ({FILE}, {ROW}, {POSITION})"
        f" JOIN bill USING ({FILE}, {ROW}) ORDER BY {POSITION}"
    )
    for parquet, row, column, cell, billed, effective in backend.raw_sql(query).fetchall():
        name, number = delivery.place(parquet, row)
        yield Quarantined(name, number, columns.get(column, column), cell, billed, effective)


_MUST_BE_READABLE = ("billed_cost", "effective_cost", "billing_currency", "billing_period_start", "charge_period_start")


def _nothing_bookable(delivery: OpenDelivery, quarantined: tuple[Quarantined, ...]) -> str:
    if not quarantined:
        return f"{delivery.files[0].file.name} has a header and no rows. Export the bill again."
    first = quarantined[0]
    return (
        f"{first.file}, row {first.row_number}: {first.column} is {first.value!r}, which cannot be read."
        " No row of the delivery can be booked; correct the export and ingest it again."
    )


def _distinct_lines(backend: Backend, delivery: OpenDelivery) -> list[dict[str, Any]]:
    """Each distinct combination of dimensions as written, with its digest, number of rows and first position."""
    backend.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE line_key AS SELECT {', '.join(LINE_KEY)}, min(first_position) AS {POSITION},"
        " sum(row_count)::BIGINT AS row_count FROM rolled WHERE problem IS NULL GROUP BY ALL"
    )
    # The dimensions are read from the first line of each key; files without a first line need not be opened.
    firsts = backend.raw_sql(f"SELECT DISTINCT {FILE_OF_POSITION} FROM line_key").fetchall()
    files = [delivery.files[number].parquet for (number,) in firsts]
    if not files:
        return []
    keys = backend.table("line_key")
    with _first_rows(backend, files) if delivery.telling.keyed else nullcontext():
        lines = backend.table(DIGESTED)
        firsts_alone = lines.filter(lines[FILE].isin(list(map(str, files)))).semi_join(keys, POSITION)
        return rows_of(keyed_lines(firsts_alone, delivery.telling.determined).join(keys.drop(*LINE_KEY), POSITION))


@contextmanager
def _first_rows(backend: Backend, files: Sequence[Path]) -> Iterator[None]:
    """Leaves of `bill` the first row of each line key, so that only they are mapped. For mappings row by row alone."""
    (view,) = backend.raw_sql("SELECT sql FROM duckdb_views() WHERE view_name = 'bill'").fetchone()
    names = ", ".join(quoted(str(file)) for file in files)
    backend.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE first_row AS SELECT * FROM bill WHERE {FILE} IN ({names})"
        f" AND {POSITION} IN (SELECT {POSITION} // {PARTS} * {PARTS} FROM line_key)"
    )
    backend.raw_sql("CREATE OR REPLACE VIEW bill AS SELECT * FROM first_row")
    try:
        yield
    finally:
        backend.raw_sql(view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))


def map_keys(bill: Bill, ids: Mapping[bytes, int], target: Path) -> None:
    """Tells DuckDB the charge key id of every line key and digest, and writes them to the Parquet file `target`."""
    # By way of a file: Arrow would import pandas to look at a list, which takes a second.
    listed = target.with_suffix(".csv")
    listed.write_text("".join(f"{line.position},{line.digest},{ids[line.key.digest]}\n" for line in bill.lines))
    bill.backend.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE key_map AS SELECT * FROM read_csv({literal(listed)}, header = false,"
        f" auto_detect = false, columns = {{'{POSITION}': 'BIGINT', 'line_digest': 'VARCHAR',"
        " 'charge_key_id': 'BIGINT'})"
    )
    bill.backend.raw_sql(
        f"COPY (SELECT DISTINCT line_digest, charge_key_id FROM key_map) TO {quoted(str(target))} (FORMAT parquet)"
    )


def charges(bill: Bill, period: date) -> AbstractContextManager[BinaryIO]:
    """The charges of one billing period as CSV, in the order of `app.db.load.CHARGE_COLUMNS`, as `csv_rows` has it."""
    sums = ", ".join(f"sum({name})" for name in (*COSTS, *QUANTITIES))
    missing = ", ".join(f"nullif(sum({cost}_missing)::BIGINT, 0)" for cost in COSTS)
    return csv_rows(
        bill.backend,
        "SELECT charge_day, charge_key_id, sum(row_count)::BIGINT,"
        f" {sums}, {missing} FROM (SELECT rolled.*, line_key.{POSITION} FROM rolled JOIN line_key"
        " ON rolled.key_hash = line_key.key_hash AND rolled.resource_hash = line_key.resource_hash)"
        f" JOIN key_map USING ({POSITION}) WHERE billing_period_start = DATE '{period}' AND problem IS NULL"
        " GROUP BY 1, 2",
    )
