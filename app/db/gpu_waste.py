"""The waterfall into Postgres: paid board-minutes by day, board, owner and state."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from psycopg import sql
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.db.load import driver
from app.db.tables.gpu import GpuWaste


class WasteRow(NamedTuple):
    """A row of `gpu_waste`, in the order of its columns."""

    billing_period_start: date
    day: date
    state: str
    team_id: str | None
    pool_id: str | None
    node_id: int | None
    board_id: int | None
    owner_id: int | None
    resource_id: str | None
    accelerator: str | None
    purchase_option: str
    billing_currency: str
    board_minutes: Decimal
    effective_cost: Decimal
    recoverable_capacity_cost: Decimal
    recoverable_bill_cost: Decimal
    confidence: str | None


def drop_waste(session: Session, period: date) -> None:
    """Removes the waterfall of a billing period."""
    session.execute(delete(GpuWaste).where(GpuWaste.billing_period_start == period))


def add_waste(session: Session, rows: Iterable[WasteRow]) -> None:
    """Copies rows into the waterfall."""
    columns = sql.SQL(", ").join(map(sql.Identifier, WasteRow._fields))
    with driver(session).cursor().copy(sql.SQL("COPY gpu_waste ({}) FROM STDIN").format(columns)) as copy:
        for row in rows:
            copy.write_row(row)
