"""Where bills come from and what became of them: sources, deliveries, loads, and what could not be booked."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Instant, Json, JsonList, MaybeInstant, Serial


class Source(Base):
    """A place bills come from, configured once."""

    __tablename__ = "source"

    id: Mapped[Serial]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    config: Mapped[Json]
    created_at: Mapped[Instant]


class Delivery(Base):
    """One set of files a source handed over, archived byte for byte."""

    __tablename__ = "delivery"
    __table_args__ = (CheckConstraint("state IN ('received', 'loaded', 'refused')", name="state"),)

    id: Mapped[Serial]
    source_id: Mapped[int] = mapped_column(ForeignKey(Source.id), index=True)
    sha256: Mapped[str]
    format: Mapped[str]
    format_version: Mapped[str | None]
    scope: Mapped[str | None]  # what it is a snapshot of, as its source calls it; None for files at hand
    estimates: Mapped[bool] = mapped_column(server_default=text("false"))  # no bill: amounts to compare a bill with
    version: Mapped[str | None]  # of the snapshot: an execution id, an ETag, a high-water mark
    files: Mapped[JsonList]
    rows_in: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_quarantined: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    control_totals: Mapped[JsonList]
    state: Mapped[str] = mapped_column(server_default=text("'received'"))
    message: Mapped[str | None]
    received_at: Mapped[Instant]
    finished_at: Mapped[MaybeInstant]


class Load(Base):
    """The part of a delivery for one billing period, as charges. One load per source and period is live."""

    __tablename__ = "load"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'superseded')", name="state"),
        Index(
            "uq_load_live", "source_id", "billing_period_start", unique=True, postgresql_where=text("state = 'live'")
        ),
        Index("ix_load_billing_period_start", "billing_period_start"),
    )

    id: Mapped[Serial]
    source_id: Mapped[int] = mapped_column(ForeignKey(Source.id))
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id))
    billing_period_start: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=text("'live'"))
    rows_loaded: Mapped[int] = mapped_column(BigInteger)
    first_charge_day: Mapped[date]
    last_charge_day: Mapped[date]
    totals: Mapped[JsonList]
    billing_account_ids: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[Instant]
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("load.id"))
    superseded_at: Mapped[MaybeInstant]


class LoadDelivery(Base):
    """The deliveries whose rows a load holds: one, or several where a source's deliveries add to each other."""

    __tablename__ = "load_delivery"

    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), primary_key=True, index=True)


class LoadDifference(Base):
    """What a load changed against the one it replaced, by owner, service and currency."""

    __tablename__ = "load_difference"

    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    team_id: Mapped[str | None]
    pool_id: Mapped[str | None]
    service_name: Mapped[str | None]
    billing_currency: Mapped[str]
    billed_cost_before: Mapped[Decimal] = mapped_column(Numeric)
    billed_cost_after: Mapped[Decimal] = mapped_column(Numeric)
    effective_cost_before: Mapped[Decimal] = mapped_column(Numeric)
    effective_cost_after: Mapped[Decimal] = mapped_column(Numeric)


class QuarantinedRow(Base):
    """A row that could not be booked, with the cell that made it so."""

    __tablename__ = "quarantined_row"

    id: Mapped[Serial]
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), index=True)
    file: Mapped[str]
    row_number: Mapped[int] = mapped_column(BigInteger)
    column_name: Mapped[str]
    value: Mapped[str | None]
    reason: Mapped[str]
    billed_cost: Mapped[str | None]
    effective_cost: Mapped[str | None]


class Finding(Base):
    """A FOCUS rule that a delivery breaks without stopping it from being booked."""

    __tablename__ = "finding"

    id: Mapped[Serial]
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id), index=True)
    rule: Mapped[str]
    column_name: Mapped[str]
    message: Mapped[str]
    rows: Mapped[int] = mapped_column(BigInteger)
    example: Mapped[str | None]
    requirement: Mapped[str | None]  # its id in the official FOCUS 1.2 model
    file: Mapped[str | None]  # where the example stands
    row_number: Mapped[int | None] = mapped_column(BigInteger)


class ScheduledRun(Base):
    """One run of a source by the scheduler, from start to its end."""

    __tablename__ = "scheduled_run"
    __table_args__ = (CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),)

    id: Mapped[Serial]
    source_id: Mapped[int] = mapped_column(ForeignKey(Source.id), index=True)
    state: Mapped[str] = mapped_column(server_default=text("'running'"))
    message: Mapped[str | None]
    started_at: Mapped[Instant]
    finished_at: Mapped[MaybeInstant]
    next_run_at: Mapped[MaybeInstant]  # when the source is run again
