"""What GPUs cost by the hour, into Postgres beside the charges that it is a finer view of."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from psycopg import sql
from sqlalchemy.orm import Session

from app.db.load import COPY_BLOCK, driver

# What is copied; hours are in UTC.
PRICE_COLUMNS = ("load_id", "charge_key_id", "hour", "is_daily", "effective_cost", "node_hours")

# Where one of two deliveries has a day as a whole, its hours are not known of both together.
_CARRIED = """
WITH told AS MATERIALIZED (
    SELECT charge_key_id, hour, is_daily, effective_cost, node_hours, date_trunc('day', hour, 'UTC') AS day
    FROM gpu_price WHERE load_id IN (%(before)s, %(after)s)
), daily AS (
    SELECT charge_key_id, day, bool_or(is_daily) AS is_daily FROM told GROUP BY 1, 2
), gone AS (
    DELETE FROM gpu_price WHERE load_id = %(after)s
)
INSERT INTO {added} SELECT %(after)s, charge_key_id, CASE WHEN daily.is_daily THEN day ELSE hour END, daily.is_daily,
                           sum(effective_cost), sum(node_hours)
FROM told JOIN daily USING (charge_key_id, day) GROUP BY charge_key_id, 3, 4
"""
_UNTIED = """
SELECT coalesce(price.day, charge.charge_day), coalesce(charge.effective_cost, 0), coalesce(price.effective_cost, 0)
FROM (SELECT charge_key_id, (hour AT TIME ZONE 'UTC')::date AS day, sum(effective_cost) AS effective_cost
      FROM gpu_price WHERE load_id = %(load)s GROUP BY 1, 2) AS price
FULL JOIN (SELECT charge_key_id, charge_day, effective_cost FROM {table}
           WHERE charge_key_id = ANY(%(keys)s) AND effective_cost IS NOT NULL) AS charge
       ON charge.charge_key_id = price.charge_key_id AND charge.charge_day = price.day
WHERE charge.effective_cost IS DISTINCT FROM price.effective_cost ORDER BY 1 LIMIT 1
"""


def copy_prices(session: Session, rows: BinaryIO) -> None:
    """Copies CSV `rows` (columns as in PRICE_COLUMNS, empty is null) into `gpu_price`."""
    names = sql.SQL(", ").join(map(sql.Identifier, PRICE_COLUMNS))
    statement = sql.SQL("COPY gpu_price ({}) FROM STDIN (FORMAT csv)").format(names)
    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        while block := rows.read(COPY_BLOCK):
            copy.write(block)


def untied_price(
    session: Session, load_id: int, table: str, keys: Collection[int]
) -> tuple[date, Decimal, Decimal] | None:
    """The first day on which the prices of a charge key do not add up to its charge in `table`, with both sums."""
    query = sql.SQL(_UNTIED).format(table=sql.Identifier(table))
    found = driver(session).execute(query, {"load": load_id, "keys": list(keys)}).fetchone()
    return (found[0], found[1], found[2]) if found else None


def carry_prices(session: Session, *, before: int, after: int) -> None:
    """Adds the prices of load `before` to those of load `after`, hour by hour."""
    connection, values = driver(session), {"before": before, "after": after}
    connection.execute("CREATE TEMPORARY TABLE added_price (LIKE gpu_price) ON COMMIT DROP")
    connection.execute(sql.SQL(_CARRIED).format(added=sql.Identifier("added_price")), values)
    connection.execute("INSERT INTO gpu_price SELECT * FROM added_price")
    connection.execute("DROP TABLE added_price")
