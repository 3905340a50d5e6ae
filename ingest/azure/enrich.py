"""Rows of cost details with what their mapping needs beside them, rewritten as Parquet: looked up once, not per query.

Everything stays as the file has it; the columns that begin with `trueup_` are ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ibis.backends.duckdb import Backend

from ingest.azure.charges import PRICES, Digits, digits, mapped
from ingest.azure.columns import text
from ingest.azure.halves import Half
from ingest.azure.regions import region
from ingest.azure.services import service
from ingest.azure.units import unit
from ingest.engine.duckdb import ROW, literal, quoted, sql_of

_SERVICE_BY = ("provider", "meter_category", "meter_subcategory", "family")


@dataclass(frozen=True)
class CostFile:
    """A file of cost details, its number among them, and the half that it is."""

    number: int
    parquet: Path
    columns: Sequence[str]
    half: Half


def look_up(backend: Backend, files: Sequence[CostFile]) -> Digits:
    """Makes the tables of services, units and regions that occur in `files`; returns the digits of their numbers."""
    services = _distinct(backend, files, _SERVICE_BY)
    _table(
        backend,
        "azure_service",
        ("key", "service_name", "service_category", "service_subcategory"),
        (("\n".join(row), *service(*row)) for row in services),
    )
    units = {measure: unit(measure) for (measure,) in _distinct(backend, files, ("measure",)) if measure}
    _table(
        backend,
        "azure_unit",
        ("key", "unit", "priced_unit", "block", "reciprocal"),
        (
            (measure, each.name, each.priced, f"{each.block:f}", f"{each.reciprocal:f}" if each.reciprocal else None)
            for measure, each in units.items()
        ),
    )
    regions = [location for (location,) in _distinct(backend, files, ("location",)) if location]
    _table(backend, "azure_region", ("key", "region_id", "region_name"), ((each, *region(each)) for each in regions))
    prices = " UNION ALL ".join(
        "SELECT " + ", ".join(f"{text(file.columns, name)} AS {name}" for name in PRICES)
        + f" FROM read_parquet({literal(file.parquet)})"
        for file in files
    )  # fmt: skip
    backend.raw_sql(f"CREATE OR REPLACE TEMP VIEW azure_price AS {prices}")
    return digits(backend.table("azure_price"), list(units.values()))


class Rewriter:
    """Writes files as Parquet with FOCUS beside their own columns. Files with the same columns share a mapping."""

    def __init__(self, backend: Backend, found: Digits, *, paired: bool) -> None:
        self._backend, self._digits, self._paired = backend, found, paired
        self._mappings: dict[tuple[str, ...], str] = {}

    def rewrite(self, file: CostFile, target: Path) -> None:
        """Writes the rows of `file` to the Parquet file `target`, in their order."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self._backend.raw_sql(f"CREATE OR REPLACE TEMP VIEW azure_file AS {_enriched(file, paired=self._paired)}")
        columns = tuple(file.columns)
        if columns not in self._mappings:
            rows = mapped(self._backend.table("azure_file"), columns, self._digits)
            self._mappings[columns] = sql_of(rows)
        self._backend.raw_sql("SET preserve_insertion_order = true")  # the row number must be the file's
        try:
            self._backend.raw_sql(
                f"COPY (SELECT * EXCLUDE ({ROW}) FROM ({self._mappings[columns]}) ORDER BY {ROW})"
                f" TO {quoted(str(target))} (FORMAT parquet, COMPRESSION snappy)"
            )
        finally:
            self._backend.raw_sql("SET preserve_insertion_order = false")


def _counts_single_units(usage_cost: str, cost: str, block: str) -> str:
    """SQL for whether a quantity counts single units rather than blocks: only that explains its cost.

    `usage_cost` is quantity × price. This decides, it calculates no amount, so floats will do.
    """
    near = "abs({usage} - {cost} * {block}) <= 0.01 * abs({cost}) * {block}"
    single = near.format(usage=usage_cost, cost=cost, block=block)
    in_blocks = near.format(usage=usage_cost, cost=cost, block="1")
    return f"coalesce({cost} <> 0 AND {single} AND NOT {in_blocks}, false)"


def _enriched(file: CostFile, *, paired: bool) -> str:
    """SQL for the rows of a file, as text, with what is looked up beside them."""
    per_unit = _counts_single_units("azure_usage_cost", "azure_cost", "CAST(block AS DOUBLE)")
    twin = "false AS trueup_twin, CAST(NULL AS VARCHAR) AS trueup_billed"
    join = ""
    if paired and file.half is not Half.BOTH:
        billed = "twin_cost" if file.half is Half.AMORTIZED else "CAST(NULL AS VARCHAR)"
        twin = f"twin_cost IS NOT NULL AS trueup_twin, {billed} AS trueup_billed"
        join = (
            f" LEFT JOIN (SELECT {file.half}_row AS {ROW}, cost AS twin_cost FROM azure_twin"
            f" WHERE {file.half}_file = {file.number}) AS twin USING ({ROW})"
        )
    # Floats, because they are only compared within a tolerance to find out what a quantity counts. None is ever booked.
    cost, quantity, price = (
        f"TRY_CAST({text(file.columns, name)} AS DOUBLE)" for name in ("cost", "quantity", "effective_price")
    )
    columns = ", ".join(f'CAST(raw."{_escaped(name)}" AS VARCHAR) AS "{_escaped(name)}"' for name in file.columns)
    source = (
        f"SELECT *, {_service_key(file.columns)} AS azure_service_key,"
        f" {text(file.columns, 'measure')} AS azure_unit_key,"
        f" {text(file.columns, 'location')} AS azure_region_key, {cost} AS azure_cost,"
        f" {quantity} * {price} AS azure_usage_cost"
        f" FROM read_parquet({literal(file.parquet)}, file_row_number = true)"
    )
    names = ("service_name", "service_category", "service_subcategory", "unit", "priced_unit", "block", "reciprocal")
    found = ", ".join(f"{name} AS trueup_{name}" for name in (*names, "region_id", "region_name"))
    return (
        f"SELECT {columns}, {ROW}, {quoted(file.half)} AS trueup_half, {twin}, {found}, {per_unit} AS trueup_per_unit"
        f" FROM ({source}) AS raw LEFT JOIN azure_service ON azure_service.key = azure_service_key"
        " LEFT JOIN azure_unit ON azure_unit.key = azure_unit_key"
        f" LEFT JOIN azure_region ON azure_region.key = azure_region_key{join}"
    )


def _distinct(backend: Backend, files: Iterable[CostFile], names: Sequence[str]) -> list[tuple[str, ...]]:
    selects = (
        "SELECT DISTINCT " + ", ".join(f"coalesce({text(file.columns, name)}, '')" for name in names)
        + f" FROM read_parquet({literal(file.parquet)})"
        for file in files
    )  # fmt: skip
    found = backend.raw_sql(" UNION ".join(selects)).fetchall()
    return sorted(tuple(row) for row in found)


def _service_key(columns: Sequence[str]) -> str:
    return " || chr(10) || ".join(f"coalesce({text(columns, name)}, '')" for name in _SERVICE_BY)


def _table(backend: Backend, name: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """A small table of text."""
    typed = ", ".join(f"{column} VARCHAR" for column in columns)
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE {name} ({typed})")
    values = [f"({', '.join('NULL' if cell is None else quoted(cell) for cell in row)})" for row in rows]
    if values:
        backend.raw_sql(f"INSERT INTO {name} VALUES {', '.join(values)}")


def _escaped(name: str) -> str:
    return name.replace('"', '""')
