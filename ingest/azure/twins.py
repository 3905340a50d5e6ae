"""The rows that actual and amortized cost have in common, so that usage counts once and every invoiced cent is kept.

A *twin* of an amortized row is a row of the actual file about the same usage: same day, meter, resource, quantity, and
whatever else both files tell. It gives the amortized row what was billed for it. Twins are paired one to one within a
billing period and currency, cheapest first; an actual row without a twin stands for itself. So what is billed adds up
to the actual file whatever the pairing, and what is effective to the amortized one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ibis.backends.duckdb import Backend

from ingest.azure.columns import spelled, text
from ingest.azure.halves import Half, Traces
from ingest.engine.duckdb import ROW, literal, quoted
from ingest.focus.numbers import NUMBER

# What tells a usage from others; used where both halves have the column.
_IDENTITY = (
    "account_id", "profile_id", "date", "subscription_id", "resource_group", "resource_id", "meter_id", "product",
    "part_number", "plan", "measure", "charge_type", "pricing_model", "frequency", "publisher_type", "publisher",
    "location", "invoice_section", "cost_center", "tags",
)  # fmt: skip
_DATES = "['%m/%d/%Y', '%m/%d/%y']"
COMMITTED = "('reservation', 'savingsplan')"


def date_sql(expression: str) -> str:
    """SQL for the day that a text says, in any of the forms that Azure writes; NULL where it says none."""
    return f"CAST(coalesce(try_strptime({expression}, {_DATES}), TRY_CAST({expression} AS TIMESTAMP)) AS DATE)"


def is_number(expression: str) -> str:
    """SQL for whether a text is a number."""
    return f"regexp_matches({expression}, {quoted(NUMBER)})"


def committed_sql(columns: Sequence[str]) -> str:
    """SQL for whether a row is about a reservation or a savings plan; false where that is not known."""
    model = f"replace(lower({text(columns, 'pricing_model')}), ' ', '') IN {COMMITTED}"
    # Before files had a pricing model, a reservation's id was all there was to go by.
    by_id = f"{text(columns, 'reservation_id')} IS NOT NULL OR {text(columns, 'benefit_id')} IS NOT NULL"
    unused = f"lower({text(columns, 'charge_type')}) LIKE 'unused%'"
    return f"coalesce({model if spelled(columns, 'pricing_model') else by_id}, false) OR coalesce({unused}, false)"


def traces(backend: Backend, parquet: Path, columns: Sequence[str]) -> Traces:
    """What the file shows of reservations and savings plans."""
    charge, cost = f"coalesce(lower({text(columns, 'charge_type')}), 'usage')", text(columns, "cost")
    free = f"coalesce(TRY_CAST({cost} AS DOUBLE) = 0, false)"  # only whether it is zero, so a float will do
    query = (
        "SELECT count(*), count(*) FILTER (committed AND charge IN ('purchase', 'refund')),"
        " count(*) FILTER (committed AND charge = 'usage' AND free),"
        " count(*) FILTER (committed AND charge = 'usage' AND NOT free), count(*) FILTER (charge LIKE 'unused%')"
        f" FROM (SELECT {committed_sql(columns)} AS committed, {charge} AS charge, {free} AS free"
        f" FROM read_parquet({literal(parquet)}))"
    )
    return Traces(*backend.raw_sql(query).fetchone())


def list_rows(backend: Backend, files: Mapping[Path, Sequence[str]], halves: Sequence[Half]) -> None:
    """Makes the table `azure_row` of the rows of all files, with what identifies each."""
    shared = [ours for ours in _IDENTITY if all(spelled(columns, ours) for columns in files.values())]
    selects = [
        _rows(number, parquet, columns, half, shared)
        for number, ((parquet, columns), half) in enumerate(zip(files.items(), halves, strict=True))
    ]
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE azure_row AS {' UNION ALL '.join(selects)}")


def _rows(number: int, parquet: Path, columns: Sequence[str], half: Half, shared: Sequence[str]) -> str:
    quantity = text(columns, "quantity")
    parts = [f"coalesce(CAST(TRY_CAST({quantity} AS DECIMAL(38, 15)) AS VARCHAR), {quantity}, '')"]
    for ours in shared:
        value = text(columns, ours)
        parts.append(f"coalesce(lower({f'CAST({date_sql(value)} AS VARCHAR)' if ours == 'date' else value}), '')")
    cost, start = text(columns, "cost"), text(columns, "period_start")
    period = f"coalesce(date_trunc('month', {date_sql(start)}), date_trunc('month', {date_sql(text(columns, 'date'))}))"
    return (
        f"SELECT {number} AS file, {ROW} AS row, {quoted(half)} AS half, hash({', '.join(parts)}) AS usage,"
        f" {period} AS period, upper({text(columns, 'currency')}) AS currency, {cost} AS cost,"
        f" coalesce({is_number(cost)}, false) AS readable, {committed_sql(columns)} AS committed"
        f" FROM read_parquet({literal(parquet)}, file_row_number = true)"
    )


def pair_rows(backend: Backend) -> None:
    """Makes the table `azure_twin` from `azure_row`: the actual and the amortized row of each pair, and its cost."""
    ranked = (
        "SELECT *, row_number() OVER (PARTITION BY usage, period, currency"
        " ORDER BY TRY_CAST(cost AS DOUBLE), file, row) AS rank FROM azure_row WHERE half = "
    )
    backend.raw_sql(
        "CREATE OR REPLACE TEMP TABLE azure_twin AS SELECT actual.file AS actual_file, actual.row AS actual_row,"
        " amortized.file AS amortized_file, amortized.row AS amortized_row, actual.cost"
        f" FROM ({ranked} 'actual' AND readable) AS actual JOIN ({ranked} 'amortized') AS amortized"
        " USING (usage, period, currency, rank)"
    )


def shared_rows(backend: Backend, file: int) -> int:
    """How many rows of a file are about a usage that another file has too."""
    query = (
        f"SELECT count(*) FROM azure_row WHERE file = {file} AND usage IN"
        f" (SELECT usage FROM azure_row WHERE file <> {file})"
    )
    return int(backend.raw_sql(query).fetchone()[0])
