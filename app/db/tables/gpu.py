"""What GPUs did: boards, nodes and owners, hourly facts, jobs, and what the minutes of them cost."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Instant, Json, MaybeInstant, Serial
from app.db.tables.bills import Delivery, Source

Mask = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]  # a set of minutes


class GpuNode(Base):
    """A machine with GPUs, by the name that telemetry gives it; the bill's resource where it is known."""

    __tablename__ = "gpu_node"

    id: Mapped[Serial]
    name: Mapped[str] = mapped_column(unique=True)
    provider_id: Mapped[str | None]  # Kubernetes' .spec.providerID
    resource_id: Mapped[str | None] = mapped_column(index=True)  # of its charges
    instance_type: Mapped[str | None]
    boards: Mapped[int | None] = mapped_column(SmallInteger)  # how many it has; None: as many as were seen
    model: Mapped[str | None]  # of its boards, as an inventory or its scheduler says


class GpuNodeSpan(Base):
    """From when to when a node was a resource of the bill, as a node map says; or was down, and why."""

    __tablename__ = "gpu_node_span"
    __table_args__ = (CheckConstraint("kind IN ('resource', 'down')", name="kind"),)

    id: Mapped[Serial]
    node_id: Mapped[int] = mapped_column(ForeignKey(GpuNode.id), index=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey(Source.id))
    kind: Mapped[str]
    starts_at: Mapped[MaybeInstant]
    ends_at: Mapped[MaybeInstant]
    resource_id: Mapped[str | None]
    reason: Mapped[str | None]


class GpuBoard(Base):
    """A GPU board, by its UUID."""

    __tablename__ = "gpu_board"

    id: Mapped[Serial]
    gpu_uuid: Mapped[str] = mapped_column(unique=True)
    model: Mapped[str | None]  # as the driver names it
    accelerator: Mapped[str | None]  # as the catalogue does
    fb_total_mib: Mapped[float | None] = mapped_column(REAL)
    node_id: Mapped[int | None] = mapped_column(ForeignKey(GpuNode.id))  # where it was seen last


class GpuOwner(Base):
    """Whose workload ran on a board, as telemetry says."""

    __tablename__ = "gpu_owner"
    __table_args__ = (
        UniqueConstraint(
            *("namespace", "pod", "container", "job_id", "user_name", "account", "team"),
            name="uq_gpu_owner_workload",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Serial]
    namespace: Mapped[str | None]
    pod: Mapped[str | None]
    container: Mapped[str | None]
    job_id: Mapped[str | None]
    user_name: Mapped[str | None]
    account: Mapped[str | None]
    team: Mapped[str | None]


class GpuHourFact(Base):
    """What one owner had of one board or MIG instance in one UTC hour; `app.domain.gpu.hour` says what the masks mean.

    One row for each source, hour, board, instance and owner: what a source says again takes the place of what it said.
    As in `charge`, its ids refer to rows without the database checking each one: that takes longer than all the rest.
    """

    __tablename__ = "gpu_hour"
    __table_args__ = (Index("ix_gpu_hour_hour", "hour"), Index("ix_gpu_hour_board_id_hour", "board_id", "hour"))
    __mapper_args__ = {"primary_key": ["source_id", "hour", "board_id", "gpu_instance_id", "owner_id"]}  # noqa: RUF012

    source_id: Mapped[int] = mapped_column(BigInteger)
    delivery_id: Mapped[int] = mapped_column(BigInteger)
    hour: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    board_id: Mapped[int] = mapped_column(BigInteger)
    gpu_instance_id: Mapped[int] = mapped_column(SmallInteger)  # -1: the whole board
    owner_id: Mapped[int | None] = mapped_column(BigInteger)
    node_id: Mapped[int | None] = mapped_column(BigInteger)
    mig_profile: Mapped[str | None]
    sample_count: Mapped[int] = mapped_column(Integer)
    observed: Mapped[Mask]
    active: Mapped[Mask]
    suspect: Mapped[Mask]
    unavailable: Mapped[Mask]
    activity_source: Mapped[str | None]
    activity_avg: Mapped[float | None] = mapped_column(REAL)  # 0-1
    activity_max: Mapped[float | None] = mapped_column(REAL)
    gpu_util_avg: Mapped[float | None] = mapped_column(REAL)  # percent
    gpu_util_max: Mapped[float | None] = mapped_column(REAL)
    tensor_active_avg: Mapped[float | None] = mapped_column(REAL)
    tensor_active_max: Mapped[float | None] = mapped_column(REAL)
    dram_active_avg: Mapped[float | None] = mapped_column(REAL)
    dram_active_max: Mapped[float | None] = mapped_column(REAL)
    fb_used_mib_avg: Mapped[float | None] = mapped_column(REAL)
    fb_used_mib_max: Mapped[float | None] = mapped_column(REAL)
    power_watts_avg: Mapped[float | None] = mapped_column(REAL)
    power_watts_max: Mapped[float | None] = mapped_column(REAL)
    energy_mj: Mapped[float | None] = mapped_column(Double)  # increase of the board's counter in the hour


class GpuJob(Base):
    """A job of a scheduler: what it asked for, when it ran, and how it ended."""

    __tablename__ = "gpu_job"
    __table_args__ = (
        UniqueConstraint("source_id", "job_id", "started_at", postgresql_nulls_not_distinct=True),
        Index("ix_gpu_job_started_at", "started_at"),
    )

    id: Mapped[Serial]
    source_id: Mapped[int] = mapped_column(ForeignKey(Source.id))
    delivery_id: Mapped[int] = mapped_column(ForeignKey(Delivery.id))
    job_id: Mapped[str]
    name: Mapped[str | None]
    user_name: Mapped[str | None]
    account: Mapped[str | None]
    partition: Mapped[str | None]
    team: Mapped[str | None]
    nodes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    node_count: Mapped[int] = mapped_column(Integer)
    gpus: Mapped[int] = mapped_column(Integer)  # of all its nodes together
    submitted_at: Mapped[MaybeInstant]
    started_at: Mapped[MaybeInstant]  # None: it never ran
    ended_at: Mapped[MaybeInstant]  # None: it runs
    checkpoint_at: Mapped[MaybeInstant]  # the last moment whose work is kept
    state: Mapped[str]  # COMPLETED, FAILED, TIMEOUT, NODE_FAIL, OUT_OF_MEMORY, CANCELLED, PENDING, RUNNING …


class GpuPrice(Base):
    """What a charge key for GPUs came to in one hour, or on one day where the bill is daily (`is_daily`).

    Its sum is the GPU part of the bill: over a load, day and charge key it is that charge's effective cost.
    """

    __tablename__ = "gpu_price"
    __table_args__ = (Index("ix_gpu_price_hour", "hour"),)

    load_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # as of charges: a check for each row is slow
    charge_key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hour: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    is_daily: Mapped[bool]
    effective_cost: Mapped[Decimal] = mapped_column(Numeric)
    node_hours: Mapped[Decimal | None] = mapped_column(Numeric)  # metered: of nodes or, by its meter, of boards


class GpuWaste(Base):
    """Paid board-minutes and their cost by UTC day, board, owner and state: what the waterfall is read from."""

    __tablename__ = "gpu_waste"
    __table_args__ = (
        Index("ix_gpu_waste_day", "day"),
        Index("ix_gpu_waste_billing_period_start", "billing_period_start"),
    )

    id: Mapped[Serial]
    billing_period_start: Mapped[date]
    day: Mapped[date]
    state: Mapped[str]
    team_id: Mapped[str | None]
    pool_id: Mapped[str | None]
    node_id: Mapped[int | None] = mapped_column(BigInteger)
    board_id: Mapped[int | None] = mapped_column(BigInteger)
    owner_id: Mapped[int | None] = mapped_column(BigInteger)
    resource_id: Mapped[str | None]
    accelerator: Mapped[str | None]
    purchase_option: Mapped[str]  # on_demand, spot, committed, capacity_block, owned, catalogue
    billing_currency: Mapped[str]
    board_minutes: Mapped[Decimal] = mapped_column(Numeric)
    effective_cost: Mapped[Decimal] = mapped_column(Numeric)
    recoverable_capacity_cost: Mapped[Decimal] = mapped_column(Numeric, server_default=text("0"))
    recoverable_bill_cost: Mapped[Decimal] = mapped_column(Numeric, server_default=text("0"))
    confidence: Mapped[str | None]  # high, medium, low


class GpuFinding(Base):
    """Waste that somebody can do something about, from when it was found to when telemetry proved it gone."""

    __tablename__ = "gpu_finding"
    __table_args__ = (CheckConstraint("state IN ('open', 'acknowledged', 'exempt', 'resolved')", name="state"),)

    id: Mapped[Serial]
    rule: Mapped[str]
    subject: Mapped[str]  # what it is about, told apart from every other of the rule
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    team_id: Mapped[str | None]
    node_id: Mapped[int | None] = mapped_column(BigInteger)
    board_id: Mapped[int | None] = mapped_column(BigInteger)
    owner_id: Mapped[int | None] = mapped_column(BigInteger)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))  # of the evidence
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    billing_currency: Mapped[str | None]
    recoverable_capacity_cost: Mapped[Decimal | None] = mapped_column(Numeric)
    recoverable_bill_cost: Mapped[Decimal | None] = mapped_column(Numeric)
    evidence: Mapped[Json]
    reason: Mapped[str | None]  # of whoever acknowledged or exempted it
    exempt_until: Mapped[date | None]
    changed_by: Mapped[str | None]
    found_at: Mapped[Instant]
    changed_at: Mapped[MaybeInstant]
    resolved_at: Mapped[MaybeInstant]
