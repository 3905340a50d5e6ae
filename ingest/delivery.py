"""A delivery opened for reading: native rows staged as Parquet, seen as FOCUS rows, and those as lines.

bill    the rows as they were handed over: a DuckDB view over the staged Parquet, with FILE, ROW and POSITION
focus   the same under FOCUS names: an Ibis expression over `bill`. One native row can become several FOCUS rows
cells   `focus` with instants and short numbers read
lines   `cells` with values read exactly and what keeps a row from being booked (`ingest.focus.lines`)
digested  `lines` with the digest that leads to their charge key (`ingest.rollup`)

Each is a view over the one before it, so that a question about lines is a short one to Ibis.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import ibis
from ibis import Table
from ibis.backends.duckdb import Backend

from app.domain.charge import DETERMINED
from app.domain.invoice import InvoiceTotal
from ingest.engine.duckdb import PARTS, POSITION, bill_table, sql_of
from ingest.engine.trace import traced
from ingest.files import SourceFile
from ingest.finding import Finding
from ingest.focus.lines import PLACE, UNREADABLE, BillMapping, cells, currencies, lines, our_columns, scales
from ingest.focus.spec import COLUMNS, layout, mandatory
from ingest.rollup import Telling, determined_by_others, digested, keyed_by, tells_no_more
from ingest.staging import StagedFile

BILL, FOCUS, CELLS, LINES, DIGESTED = "bill", "focus", "cells", "lines", "digested"  # views in DuckDB
# The columns of a table of drivers: daily quantities that explain cost. `dimensions` is flat JSON (model, team, …).
DRIVER_COLUMNS = ("day", "name", "unit", "service_provider_name", "dimensions", "quantity")


@dataclass(frozen=True)
class OpenDelivery:
    """What a delivery holds."""

    files: tuple[StagedFile, ...]
    version: str  # of the format, such as "FOCUS 1.2" or "CUR 2.0"
    focus: Table
    mapping: BillMapping
    lines: Table
    views: Mapping[str, str]  # SQL of `focus` to `digested`, each over those before it and `bill`
    telling: Telling
    has_charges: bool = True  # False: only drivers, as from a gateway
    drivers: Table | None = None  # DRIVER_COLUMNS
    set_aside: tuple[tuple[SourceFile, str], ...] = ()  # files that hold no charges, and what they hold
    notes: tuple[Finding, ...] = ()
    invoices: tuple[InvoiceTotal, ...] = field(default=())

    def place(self, parquet: str, row: int) -> tuple[str, int]:
        """The file and row, as its reader would count, of the row at `row` (from 0) of a staged Parquet file."""
        staged = next(each for each in self.files if str(each.parquet) == parquet)
        return staged.file.name, row + staged.header_rows + 1


def measured(backend: Backend, delivery: OpenDelivery) -> OpenDelivery | None:
    """The delivery with the length of its floats measured instead of guessed; None when the guess was right."""
    exact = scales(delivery.focus, delivery.mapping.columns)
    if exact == delivery.mapping.scales:
        return None
    mapping = replace(delivery.mapping, scales=exact)
    return replace(
        delivery,
        mapping=mapping,
        views={
            FOCUS: delivery.views[FOCUS],
            **_views_of_lines(backend, delivery.focus, mapping),
            **_view_of_digests(backend, delivery.telling.determined),
        },
    )


def _views_of_lines(backend: Backend, focus: Table, mapping: BillMapping) -> dict[str, str]:
    """Makes the views `cells` and `lines`; their SQL."""
    cells_sql, lines_sql = _sql_of_lines(focus.schema(), mapping)
    return _view(backend, CELLS, cells_sql) | _view(backend, LINES, lines_sql)


def _view_of_digests(backend: Backend, determined: Collection[str]) -> dict[str, str]:
    """Makes the view `digested`; its SQL."""
    return _view(backend, DIGESTED, _sql_of_digests(backend.table(LINES).schema(), frozenset(determined)))


def _view(backend: Backend, name: str, sql: str) -> dict[str, str]:
    backend.raw_sql(f"CREATE OR REPLACE VIEW {name} AS {sql}")
    return {name: sql}


# To build and compile these expressions takes longer than to ingest a small bill, and a source's bills are alike.
@lru_cache(maxsize=64)
def _sql_of_lines(focus: ibis.Schema, mapping: BillMapping) -> tuple[str, str]:
    read = cells(ibis.table(focus, name=FOCUS), mapping)
    return sql_of(read), sql_of(lines(ibis.table(read.schema(), name=CELLS), mapping))


@lru_cache(maxsize=64)
def _sql_of_digests(read: ibis.Schema, determined: frozenset[str]) -> str:
    return sql_of(digested(ibis.table(read, name=LINES), determined))


def open_rows(
    backend: Backend,
    files: Sequence[StagedFile],
    *,
    version: str,
    focus_rows: Callable[[Table], Table] = lambda bill: bill,
    key_extras: Sequence[str] = (),
    drivers: Table | None = None,
    set_aside: Sequence[tuple[SourceFile, str]] = (),
    notes: Sequence[Finding] = (),
    invoices: Sequence[InvoiceTotal] = (),
) -> OpenDelivery:
    """A delivery of staged `files` whose native rows `focus_rows` maps to FOCUS.

    `focus_rows` gets the view `bill` and returns an expression over it with FOCUS column names (any numbers and
    instants that `ingest.focus.cells` reads), x_ columns, PLACE and perhaps UNREADABLE. Columns it leaves out are null.
    Rows that are added to the first of a native row are told apart by `part(bill, n)`.
    """
    parquet = [each.parquet for each in files]
    mapped = focus_rows(bill_table(backend, parquet))
    found = layout(tuple(name for name in mapped.columns if name not in {*PLACE, UNREADABLE}))
    columns = our_columns(found)
    kept = tuple(name for name in key_extras if name in found.extras)
    focus_view = _view(backend, FOCUS, sql_of(mapped))
    focus = backend.table(FOCUS)
    mapping = BillMapping(
        columns, scales(focus, columns, guess=True), currencies(focus, columns), key_extras=kept, extras=found.extras
    )
    views = focus_view | _views_of_lines(backend, focus, mapping)
    read = backend.table(LINES)
    determined = determined_by_others(read)
    views |= _view_of_digests(backend, determined)
    own = traced(mapped, [*(columns[name] for name in keyed_by(columns, determined)), *kept], BILL)
    if own:
        bill_table(backend, parquet, key=own)
    return OpenDelivery(
        files=tuple(files),
        version=version,
        focus=focus,
        mapping=mapping,
        lines=read,
        views=views,
        telling=Telling(determined, keyed=bool(own) and tells_no_more(read, determined)),
        drivers=drivers,
        set_aside=tuple(set_aside),
        notes=tuple(notes),
        invoices=tuple(invoices),
    )


def open_drivers(
    backend: Backend, files: Sequence[StagedFile], *, version: str, drivers: Callable[[Table], Table]
) -> OpenDelivery:
    """A delivery that holds quantities and no charges; `drivers` maps the view `bill` to DRIVER_COLUMNS."""
    bill = bill_table(backend, [each.parquet for each in files])
    none = bill.filter(ibis.literal(value=False)).select(
        **dict.fromkeys(dict.fromkeys((*mandatory("1.2"), "ServiceProviderName")), ibis.null("string")), **place(bill)
    )
    columns = our_columns(layout(tuple(name for name in none.columns if name in COLUMNS)))
    mapping = BillMapping(columns, dict.fromkeys(columns, 0), {})
    views = _view(backend, FOCUS, sql_of(none)) | _views_of_lines(backend, none, mapping)
    views |= _view_of_digests(backend, DETERMINED)
    return OpenDelivery(
        files=tuple(files),
        version=version,
        focus=none,
        mapping=mapping,
        lines=backend.table(LINES),
        views=views,
        telling=Telling(frozenset(DETERMINED), keyed=False),
        has_charges=False,
        drivers=drivers(bill),
    )


def without_charges(delivery: OpenDelivery) -> OpenDelivery:
    """The delivery with none of its charges to book; what it says of quantities stays."""
    return replace(delivery, lines=delivery.lines.filter(ibis.literal(value=False)), has_charges=False)


def place(bill: Table) -> dict[str, ibis.Column]:
    """The columns that say where a row stands, to be carried along by a mapping."""
    return {name: bill[name] for name in PLACE}


def part(bill: Table, number: int) -> dict[str, ibis.Column]:
    """`place` of a further FOCUS row (`number` from 1) that a native row becomes."""
    assert 0 < number < PARTS
    return {**place(bill), POSITION: bill[POSITION] + number}
