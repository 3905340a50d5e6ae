"""The only bulk write path: charge keys and charges into Postgres, built beside what is live.

Everything happens in the caller's transaction, so a crash at any moment leaves the live load as it was. Attaching a
partition takes a lock that no reader waits for; superseded loads stay attached and are left out by their id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO

import psycopg
from psycopg import sql
from sqlalchemy.orm import Session

from app.domain.charge import COSTS, KEY_COLUMNS, QUANTITIES
from app.domain.money import total
from app.domain.period import next_month

# What is copied; billing period and load are the same for a whole load, so its table fills them in.
CHARGE_COLUMNS = (
    "charge_day",
    "charge_key_id",
    "row_count",
    *COSTS,
    *QUANTITIES,
    *(f"{cost}_missing" for cost in COSTS),
)
COPY_BLOCK = 1 << 20


@dataclass(frozen=True)
class LoadedTotals:
    """What Postgres holds of a load in one currency."""

    currency: str
    rows: int
    sums: dict[str, Decimal | None]  # by cost


def driver(session: Session) -> psycopg.Connection:
    """The psycopg connection under `session`, inside its transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def upsert_keys(session: Session, keys: Iterable[tuple[bytes, Sequence[str | None], str, str]]) -> dict[bytes, int]:
    """The id of each charge key (digest, values in KEY_COLUMNS' order, tags and extras as JSON); new ones are added."""
    connection = driver(session)
    columns = ["digest", *KEY_COLUMNS, "tags", "extras"]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    connection.execute("CREATE TEMPORARY TABLE incoming_key (LIKE charge_key) ON COMMIT DROP")
    connection.execute("ALTER TABLE incoming_key DROP COLUMN id")
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY incoming_key ({}) FROM STDIN").format(names)) as copy:
            for digest, values, tags, extras in keys:
                copy.write_row((digest, *values, tags, extras))
        cursor.execute(
            sql.SQL(
                "INSERT INTO charge_key ({names}) SELECT {names} FROM incoming_key ORDER BY digest"
                " ON CONFLICT (digest) DO NOTHING"
            ).format(names=names)
        )
        cursor.execute("SELECT digest, charge_key.id FROM incoming_key JOIN charge_key USING (digest)")
        ids = {bytes(digest): int(key) for digest, key in cursor}
        cursor.execute("DROP TABLE incoming_key")
    return ids


def create_load_table(session: Session, load_id: int, period: date) -> str:
    """Creates the table for a load's charges, not yet part of `charge`, and returns its name."""
    month = f"charge_p{period:%Y%m}"
    name = f"{month}_l{load_id}"
    connection = driver(session)
    connection.execute(
        sql.SQL(
            "CREATE TABLE {table} (LIKE charge,"
            " CONSTRAINT {check} CHECK (load_id = {load} AND billing_period_start >= {start}"
            " AND billing_period_start < {end}))"
        ).format(
            table=sql.Identifier(name),
            check=sql.Identifier(f"ck_{name}_bounds"),
            load=sql.Literal(load_id),
            start=sql.Literal(period),
            end=sql.Literal(next_month(period)),
        )
    )
    connection.execute(
        sql.SQL("ALTER TABLE {} ALTER billing_period_start SET DEFAULT {}, ALTER load_id SET DEFAULT {}").format(
            sql.Identifier(name), sql.Literal(period), sql.Literal(load_id)
        )
    )
    return name


def copy_charges(session: Session, table: str, rows: BinaryIO) -> None:
    """Copies CSV `rows` (columns as in CHARGE_COLUMNS, empty is null) into a load's table."""
    names = sql.SQL(", ").join(map(sql.Identifier, CHARGE_COLUMNS))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), names)
    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        while block := rows.read(COPY_BLOCK):
            copy.write(block)


def index_charges(session: Session, table: str) -> None:
    """Gives a load's table the index that `charge` has, so that attaching finds it ready, bounds and statistics."""
    connection = driver(session)
    connection.execute(sql.SQL("CREATE INDEX ON {} (charge_day)").format(sql.Identifier(table)))
    _bound_instants(connection, table)
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def _bound_instants(connection: psycopg.Connection, table: str) -> None:
    """States between which instants a load's charges lie.

    By it PostgreSQL leaves the load out of a query on the view `focus_cost_and_usage` about other periods: it cannot
    tell from the bounds of the partition, which are dates.
    """
    bounds = sql.SQL("SELECT min(billing_period_start), min(charge_day), max(charge_day) FROM {}")
    period, first, last = connection.execute(bounds.format(sql.Identifier(table))).fetchone() or (None, None, None)
    if period is None:
        return
    connection.execute(
        sql.SQL(
            "ALTER TABLE {table} ADD CONSTRAINT {check} CHECK (utc(billing_period_start) = utc({period})"
            " AND utc((billing_period_start + INTERVAL '1 month')::date) = utc({end})"
            " AND utc(charge_day) >= utc({first}) AND utc(charge_day) <= utc({last}))"
        ).format(
            table=sql.Identifier(table),
            check=sql.Identifier(f"ck_{table}_instants"),
            period=sql.Literal(period),
            end=sql.Literal(next_month(period)),
            first=sql.Literal(first),
            last=sql.Literal(last),
        )
    )


def loaded_totals(session: Session, table: str) -> list[LoadedTotals]:
    """What the load in `table` adds up to, by currency, straight from Postgres."""
    sums = sql.SQL(", ").join(sql.SQL("sum({})").format(sql.Identifier(cost)) for cost in COSTS)
    query = sql.SQL(
        "SELECT billing_currency, sum(row_count), {} FROM {} AS charge"
        " JOIN charge_key ON charge_key.id = charge_key_id GROUP BY 1 ORDER BY 1"
    ).format(sums, sql.Identifier(table))
    return [
        LoadedTotals(str(currency), int(rows), dict(zip(COSTS, costs, strict=True)))
        for currency, rows, *costs in driver(session).execute(query)
    ]


def sum_by_currency(totals: Iterable[LoadedTotals]) -> dict[str, LoadedTotals]:
    """Several totals added up, by currency. A cost that no row has stays None, as in SQL."""
    added: dict[str, LoadedTotals] = {}
    for each in totals:
        so_far = added.setdefault(each.currency, LoadedTotals(each.currency, 0, dict.fromkeys(each.sums)))
        sums = {cost: _plus(so_far.sums[cost], each.sums[cost]) for cost in each.sums}
        added[each.currency] = LoadedTotals(each.currency, so_far.rows + each.rows, sums)
    return added


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    known = [each for each in (one, other) if each is not None]
    return total(known) if known else None


def billing_accounts(session: Session, table: str) -> list[str]:
    """The billing accounts that the load in `table` holds charges of."""
    query = sql.SQL(
        "SELECT DISTINCT billing_account_id FROM (SELECT DISTINCT charge_key_id FROM {}) AS present"
        " JOIN charge_key ON charge_key.id = charge_key_id WHERE billing_account_id IS NOT NULL ORDER BY 1"
    ).format(sql.Identifier(table))
    return [account for (account,) in driver(session).execute(query)]


def attach(session: Session, table: str, load_id: int, period: date) -> None:
    """Makes a load's table a partition of `charge`."""
    connection = driver(session)
    month = sql.Identifier(f"charge_p{period:%Y%m}")
    # Created apart and attached: `CREATE TABLE … PARTITION OF` would lock readers of `charge` out.
    if not connection.execute("SELECT to_regclass(%s)", [f"charge_p{period:%Y%m}"]).fetchone()[0]:  # type: ignore[index]
        connection.execute(sql.SQL("CREATE TABLE {} (LIKE charge) PARTITION BY LIST (load_id)").format(month))
        connection.execute(
            sql.SQL("ALTER TABLE charge ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                month, sql.Literal(period), sql.Literal(next_month(period))
            )
        )
    connection.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})").format(
            month, sql.Identifier(table), sql.Literal(load_id)
        )
    )
