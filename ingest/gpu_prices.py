"""What a bill's GPUs cost by the hour, kept while it is loaded: later only the days are known.

The charge keys that are for GPUs are found first; a bill without any is not looked at again. The lines of the others
are summed by hour where they cover an hour or less, else by day.
"""

from collections.abc import Mapping

import ibis
from sqlalchemy.orm import Session

from app.db.gpu_catalogue import gpu_catalogue
from app.db.gpu_prices import copy_prices
from app.db.tables.bills import Load
from app.domain.charge import KEY_COLUMNS
from app.domain.gpu.charges import CELLS, GpuCharge, gpu_charges, hours_per_unit
from ingest.bill import Bill
from ingest.engine.csv_rows import csv_rows
from ingest.engine.duckdb import POSITION
from ingest.keys import Key
from ingest.rollup import LINE_KEY, hash_of, line_hashes, sum_of

_PLACES = {name: KEY_COLUMNS.index(name) for name in CELLS}
_HOUR = ibis.interval(hours=1)
_DIGITS = 9  # of hours: a second is 0.000277778 of one


def find_gpu_charges(bill: Bill, ids: Mapping[bytes, int]) -> tuple[int, ...]:
    """The ids of the charge keys of `bill` that are for GPUs; DuckDB's table `gpu_line` has their lines' keys.

    `ids` are the charge keys' by digest; DuckDB knows them of each line already (`map_keys`).
    """
    keys = {ids[line.key.digest]: _cells(line.key) for line in bill.lines}
    found = gpu_charges(keys, gpu_catalogue())
    if not found:
        return ()
    rows = ", ".join(f"({key}, {_hours_per_unit(keys[key], charge)})" for key, charge in found.items())
    bill.backend.raw_sql(
        "CREATE OR REPLACE TEMP TABLE gpu_line AS SELECT key_hash, resource_hash, charge_key_id, consumed, priced"
        f" FROM line_key JOIN key_map USING ({POSITION})"
        f" JOIN (VALUES {rows}) AS gpu_key (charge_key_id, consumed, priced) USING (charge_key_id)"
    )
    return tuple(found)


def keep_gpu_prices(session: Session, bill: Bill, load: Load) -> None:
    """Copies what each charge key of `gpu_line` came to by hour, or by day, into `gpu_price`."""
    with csv_rows(bill.backend, _prices(bill, load)) as rows:
        copy_prices(session, rows)


def _cells(key: Key) -> dict[str, str | None]:
    return {name: key.values[place] for name, place in _PLACES.items()}


def _hours_per_unit(cells: Mapping[str, str | None], charge: GpuCharge) -> str:
    """What a consumed and a priced unit come to in hours, as SQL."""
    return ", ".join(
        "NULL::DOUBLE" if each is None else f"{float(each)!r}::DOUBLE" for each in hours_per_unit(cells, charge)
    )


def _prices(bill: Bill, load: Load) -> str:
    """Rows for `gpu_price` as SQL. A day of which one line covers more than an hour is kept as a whole."""
    hours = f"round(sum(consumed_hours), {_DIGITS})::DECIMAL(38, {_DIGITS})"
    return (
        f"SELECT {load.id}, charge_key_id, strftime(starts_at, '%Y-%m-%d %H:%M:%S+00'), is_daily,"
        f" sum(effective_cost), {hours}"
        " FROM (SELECT *, CASE WHEN is_daily THEN charge_day::TIMESTAMP ELSE hour END AS starts_at"
        "       FROM (SELECT *, bool_or(is_long) OVER (PARTITION BY charge_key_id, charge_day) AS is_daily,"
        "                    coalesce(consumed_sum::DOUBLE * consumed, priced_sum::DOUBLE * priced) AS consumed_hours"
        f"             FROM ({_summed(bill, load)})))"
        " GROUP BY 1, 2, 3, 4 HAVING sum(effective_cost) IS NOT NULL"
    )


def _summed(bill: Bill, load: Load) -> str:
    """The lines for GPUs of a load, summed by charge key, day, hour and whether they cover more than an hour."""
    delivery = bill.delivery
    ours = bill.backend.table("gpu_line")
    all_lines = delivery.lines
    booked = all_lines.filter(all_lines.problem.isnull(), all_lines.billing_period_start == load.billing_period_start)
    # By their resources first: to hash all that tells lines apart takes longest.
    lines = booked.mutate(resource_hash=hash_of(booked.resource_id)).semi_join(ours, "resource_hash")
    hashed = lines.mutate(
        key_hash=line_hashes(lines, delivery.telling)["key_hash"],
        hour=lines.charge_period_start.truncate("h"),
        is_long=(lines.charge_period_end > lines.charge_period_start + _HOUR).fill_null(ibis.literal(value=True)),
    )
    found = hashed.inner_join(ours, list(LINE_KEY))
    summed = found.aggregate(
        by=["charge_key_id", "charge_day", "hour", "is_long", "consumed", "priced"],
        effective_cost=sum_of(found, delivery.mapping, "effective_cost"),
        consumed_sum=sum_of(found, delivery.mapping, "consumed_quantity"),
        priced_sum=sum_of(found, delivery.mapping, "pricing_quantity"),
    )
    return str(bill.backend.compile(summed))
