"""Drivers into Postgres, beside the charges of their load."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import repeat

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.load import driver
from app.db.tables.charges import Driver

# Day, name, unit, service provider, dimensions as JSON text, quantity.
DriverRow = tuple[date, str, str, str | None, str, Decimal]


def copy_drivers(
    session: Session, load_id: int, rows: Iterable[DriverRow], keys: Iterable[str | None] = repeat(None)
) -> None:
    """Copies the drivers of a load, each with its key if it has one."""
    statement = "COPY driver (load_id, day, name, unit, service_provider_name, dimensions, quantity, key) FROM STDIN"
    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        for row, key in zip(rows, keys, strict=False):
            copy.write_row((load_id, *row, key))


def count_drivers(session: Session, load_id: int) -> int:
    """How many rows of drivers a load has."""
    return session.scalar(select(func.count()).select_from(Driver).where(Driver.load_id == load_id)) or 0
