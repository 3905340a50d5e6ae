"""Deliveries: everything that was handed over, refused attempts included."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, QuarantinedRow, Source
from app.domain.viewer import Viewer
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class DeliveryRow:
    """One attempt to bring a bill in, and how it ended."""

    id: int
    source: str
    received_at: datetime
    finished_at: datetime | None
    state: str
    message: str | None
    scope: str | None  # what it is a snapshot of, as its source calls it; None for files at hand
    estimates: bool  # no bill: amounts to compare a bill with
    format_version: str | None
    sha256: str
    files: tuple[str, ...]
    rows_in: int
    rows_quarantined: int


@dataclass(frozen=True)
class UnbookedRow:
    """A row of a bill that could not be booked, and the cell that made it so."""

    source: str
    delivery_id: int
    file: str
    row_number: int
    column_name: str
    value: str | None
    reason: str


def deliveries(
    session: Session, viewer: Viewer, source: str | None = None, *, before: int | None = None, limit: int = 100
) -> tuple[DeliveryRow, ...]:
    """Deliveries, newest first; of one source, if named. Empty for a viewer who sees only some teams."""
    if not sees_everything(viewer):
        return ()
    statement = select(Source.name, Delivery).join(Source, Source.id == Delivery.source_id)
    if source is not None:
        statement = statement.where(Source.name == source)
    if before is not None:
        statement = statement.where(Delivery.id < before)
    found = session.execute(statement.order_by(Delivery.id.desc()).limit(limit))
    return tuple(_row(name, delivery) for name, delivery in found)


def unbooked_rows(
    session: Session, viewer: Viewer, source: str | None = None, *, limit: int = 1_000
) -> tuple[UnbookedRow, ...]:
    """Quarantined rows, of the newest delivery first."""
    if not sees_everything(viewer):
        return ()
    statement = (
        select(Source.name, QuarantinedRow)
        .join(Delivery, Delivery.id == QuarantinedRow.delivery_id)
        .join(Source, Source.id == Delivery.source_id)
        .order_by(QuarantinedRow.delivery_id.desc(), QuarantinedRow.id)
        .limit(limit)
    )
    if source is not None:
        statement = statement.where(Source.name == source)
    return tuple(
        UnbookedRow(name, row.delivery_id, row.file, row.row_number, row.column_name, row.value, row.reason)
        for name, row in session.execute(statement)
    )


def _row(source: str, delivery: Delivery) -> DeliveryRow:
    return DeliveryRow(
        id=delivery.id,
        source=source,
        received_at=delivery.received_at,
        finished_at=delivery.finished_at,
        state=delivery.state,
        message=delivery.message,
        scope=delivery.scope,
        estimates=delivery.estimates,
        format_version=delivery.format_version,
        sha256=delivery.sha256,
        files=tuple(file["name"] for file in delivery.files),
        rows_in=delivery.rows_in,
        rows_quarantined=delivery.rows_quarantined,
    )
