"""A load that takes over the rows of the one before it: deliveries that add to each other instead of replacing."""

from collections.abc import Sequence

from psycopg import sql
from sqlalchemy import ARRAY, Text, cast, exists, func, insert, literal, select
from sqlalchemy.orm import Session

from app.db.load import CHARGE_COLUMNS, driver
from app.db.tables.bills import Load, LoadDelivery
from app.db.tables.charges import Driver

_DRIVER = (
    Driver.day,
    Driver.name,
    Driver.unit,
    Driver.service_provider_name,
    Driver.dimensions,
    Driver.quantity,
    Driver.key,
)
_GRAIN = 2  # charge day and charge key; the other columns of CHARGE_COLUMNS are summed


def carry_charges(session: Session, *, before: Load, table: str) -> None:
    """Adds the charges of load `before` to those in `table`, at the grain day × charge key."""
    grain = [sql.Identifier(name) for name in CHARGE_COLUMNS[:_GRAIN]]
    sums = [sql.SQL("sum({0}) AS {0}").format(sql.Identifier(name)) for name in CHARGE_COLUMNS[_GRAIN:]]
    names = sql.SQL(", ").join(map(sql.Identifier, CHARGE_COLUMNS))
    earlier = sql.Identifier(f"charge_p{before.billing_period_start:%Y%m}_l{before.id}")
    target = sql.Identifier(table)
    connection = driver(session)
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE added ON COMMIT DROP AS SELECT {keys}, {sums}"
            " FROM (SELECT {names} FROM {earlier} UNION ALL SELECT {names} FROM {target}) AS charges GROUP BY {keys}"
        ).format(
            keys=sql.SQL(", ").join(grain), sums=sql.SQL(", ").join(sums), names=names, earlier=earlier, target=target
        )
    )
    connection.execute(sql.SQL("TRUNCATE {}").format(target))
    connection.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM added").format(target, names, names))
    connection.execute("DROP TABLE added")


def carry_drivers(session: Session, *, before: int, after: int, without: Sequence[str] = ()) -> None:
    """Gives load `after` the drivers of load `before` too, except those whose key is in `without`."""
    rows = select(literal(after), *_DRIVER).where(Driver.load_id == before)
    if without:
        gone = select(func.unnest(cast(list(without), ARRAY(Text))).label("key")).subquery()
        rows = rows.where(~exists().where(gone.c.key == Driver.key))
    session.execute(insert(Driver).from_select(["load_id", *(column.key for column in _DRIVER)], rows))


def carry_deliveries(session: Session, *, before: int, after: int) -> None:
    """Notes that load `after` holds the rows of the deliveries of load `before` too."""
    rows = select(literal(after), LoadDelivery.delivery_id).where(LoadDelivery.load_id == before)
    session.execute(insert(LoadDelivery).from_select(["load_id", "delivery_id"], rows))
