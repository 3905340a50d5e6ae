"""Every table of Trueup, as mapped classes. `migrations/` creates them; a test holds the two together.

Reading order: a *source* hands over *deliveries*; each becomes one *load* per billing period; a load holds *charges*,
whose dimensions live in *charge keys*. A *policy version* brings *teams* and *pools* and gives each key an
*assignment*; *pool shares* say who pays for a pool. The `*_cost` tables are roll-ups of live charges that reports read.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.domain.charge import KEY_COLUMNS

Serial = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Cost = Annotated[Decimal | None, mapped_column(Numeric)]
Missing = Annotated[int | None, mapped_column(Integer)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
MaybeInstant = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'"))]
JsonList = Annotated[list[dict[str, Any]], mapped_column(JSONB, server_default=text("'[]'"))]


class Base(DeclarativeBase):
    """The one metadata; names of constraints are derived, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, date: Date}  # noqa: RUF012  (SQLAlchemy reads it from the class)


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
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
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
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"))
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

    load_id: Mapped[int] = mapped_column(ForeignKey("load.id"), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), primary_key=True, index=True)


class Driver(Base):
    """A daily quantity that explains cost, such as tokens by model; it comes and goes with its load."""

    __tablename__ = "driver"
    __table_args__ = (Index("ix_driver_name_day", "name", "day"),)

    id: Mapped[Serial]
    load_id: Mapped[int] = mapped_column(ForeignKey("load.id"), index=True)
    day: Mapped[date]
    name: Mapped[str]
    unit: Mapped[str]
    service_provider_name: Mapped[str | None]
    dimensions: Mapped[Json]  # model, token_class, sub_account_id, team, …
    quantity: Mapped[Decimal] = mapped_column(Numeric)


class LoadDifference(Base):
    """What a load changed against the one it replaced, by owner, service and currency."""

    __tablename__ = "load_difference"

    load_id: Mapped[int] = mapped_column(ForeignKey("load.id"), primary_key=True)
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
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
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
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    rule: Mapped[str]
    column_name: Mapped[str]
    message: Mapped[str]
    rows: Mapped[int] = mapped_column(BigInteger)
    example: Mapped[str | None]
    requirement: Mapped[str | None]  # its id in the official FOCUS 1.2 model
    file: Mapped[str | None]  # where the example stands
    row_number: Mapped[int | None] = mapped_column(BigInteger)


class ChargeKey(Base):
    """A distinct combination of a charge's dimensions."""

    __tablename__ = "charge_key"

    id: Mapped[Serial]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    tags: Mapped[dict[str, Any]] = mapped_column(JSONB)
    extras: Mapped[dict[str, Any]] = mapped_column(JSONB)


_KEY_TYPES = {"charge_period_days": Integer, "list_unit_price": Numeric, "sku_price_details": JSONB}
for _name in KEY_COLUMNS:
    _required = _name == "billing_currency"
    setattr(ChargeKey, _name, mapped_column(_name, _KEY_TYPES.get(_name, Text), nullable=not _required))


class Charge(Base):
    """A FOCUS cost at the grain UTC day × charge key.

    Partitioned by billing period, then by load: a new load is built beside the old one and attached, which blocks no
    reader. Superseded loads stay, so that what a figure rested on can be shown again. `*_missing` counts source rows
    without that cost (NULL means none).
    """

    __tablename__ = "charge"
    __table_args__ = (
        Index("ix_charge_charge_day", "charge_day"),
        {"postgresql_partition_by": "RANGE (billing_period_start)"},
    )
    __mapper_args__ = {"primary_key": ["billing_period_start", "load_id", "charge_day", "charge_key_id"]}  # noqa: RUF012

    billing_period_start: Mapped[date]
    load_id: Mapped[int] = mapped_column(BigInteger)
    charge_day: Mapped[date]
    charge_key_id: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int] = mapped_column(Integer)
    billed_cost: Mapped[Cost]
    effective_cost: Mapped[Cost]
    list_cost: Mapped[Cost]
    contracted_cost: Mapped[Cost]
    consumed_quantity: Mapped[Cost]
    pricing_quantity: Mapped[Cost]
    commitment_discount_quantity: Mapped[Cost]
    pricing_currency_effective_cost: Mapped[Cost]
    billed_cost_missing: Mapped[Missing]
    effective_cost_missing: Mapped[Missing]
    list_cost_missing: Mapped[Missing]
    contracted_cost_missing: Mapped[Missing]


class PolicyVersion(Base):
    """A policy as it was applied; the newest one is in force."""

    __tablename__ = "policy_version"

    id: Mapped[Serial]
    name: Mapped[str]
    document: Mapped[str]
    sha256: Mapped[str]
    statement_metric: Mapped[str]
    applied_by: Mapped[str]
    applied_at: Mapped[Instant]


class Team(Base):
    """Who pays: a node of a policy's ownership tree, while it is valid."""

    __tablename__ = "team"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="validity"),
        ExcludeConstraint(
            ("policy_version_id", "="),
            ("team_id", "="),
            (text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_team_validity",
        ),
    )

    id: Mapped[Serial]
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"))
    team_id: Mapped[str]
    name: Mapped[str]
    parent_id: Mapped[str | None]
    cost_center: Mapped[str | None]
    valid_from: Mapped[date | None]  # None: since ever
    valid_to: Mapped[date | None]  # None: until further notice


class Pool(Base):
    """Shared cost that a policy splits among teams."""

    __tablename__ = "pool"

    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"), primary_key=True)
    pool_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    split: Mapped[str]


class Assignment(Base):
    """The owner that a policy gives to a charge key from `valid_from` up to, not including, `valid_to`.

    An open side is ±infinity, so that joins need no case for it; Python's dates do not know infinity, so only SQL
    reads this table.
    """

    __tablename__ = "assignment"
    __table_args__ = (CheckConstraint("valid_from < valid_to", name="validity"),)

    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"), primary_key=True)
    charge_key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    rule: Mapped[str | None]
    team_id: Mapped[str | None]
    pool_id: Mapped[str | None]


class PoolShare(Base):
    """The share of a pool that a team pays in a billing period and currency. The shares of a pool add up to 1."""

    __tablename__ = "pool_share"
    __table_args__ = (CheckConstraint("share > 0 AND share <= 1", name="share"),)

    billing_period_start: Mapped[date] = mapped_column(primary_key=True)
    billing_currency: Mapped[str] = mapped_column(primary_key=True)
    pool_id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(primary_key=True)
    share: Mapped[Decimal] = mapped_column(Numeric(13, 12))


class _RolledUp:
    """What every roll-up has: the owner before sharing, the currency, the costs."""

    id: Mapped[Serial]
    billing_period_start: Mapped[date] = mapped_column(index=True)
    team_id: Mapped[str | None]
    pool_id: Mapped[str | None]
    service_provider_name: Mapped[str | None]
    service_category: Mapped[str | None]
    service_name: Mapped[str | None]
    charge_category: Mapped[str | None]
    billing_currency: Mapped[str]
    row_count: Mapped[int] = mapped_column(BigInteger)
    billed_cost: Mapped[Cost]
    effective_cost: Mapped[Cost]
    list_cost: Mapped[Cost]
    contracted_cost: Mapped[Cost]
    billed_cost_missing: Mapped[int | None] = mapped_column(BigInteger)
    effective_cost_missing: Mapped[int | None] = mapped_column(BigInteger)
    list_cost_missing: Mapped[int | None] = mapped_column(BigInteger)
    contracted_cost_missing: Mapped[int | None] = mapped_column(BigInteger)


class DailyCost(_RolledUp, Base):
    """Live charges by UTC day and service."""

    __tablename__ = "daily_cost"
    __table_args__ = (
        Index("ix_daily_cost_team_id_charge_day", "team_id", "charge_day"),
        Index("ix_daily_cost_pool_id_charge_day", "pool_id", "charge_day"),
        Index("ix_daily_cost_charge_day", "charge_day"),
    )

    charge_day: Mapped[date]


class MonthlyCost(_RolledUp, Base):
    """Live charges by month and service. `charge_month` is the month of the charge day."""

    __tablename__ = "monthly_cost"
    __table_args__ = (Index("ix_monthly_cost_charge_month", "charge_month"),)

    charge_month: Mapped[date]


class MonthlyResourceCost(_RolledUp, Base):
    """Live charges by month and resource."""

    __tablename__ = "monthly_resource_cost"
    __table_args__ = (
        Index("ix_monthly_resource_cost_charge_month_team_id", "charge_month", "team_id"),
        Index("ix_monthly_resource_cost_charge_month_pool_id", "charge_month", "pool_id"),
    )

    charge_month: Mapped[date]
    pricing_category: Mapped[str | None]
    sub_account_id: Mapped[str | None]
    region_id: Mapped[str | None]
    sku_id: Mapped[str | None]
    resource_id: Mapped[str | None]
    resource_name: Mapped[str | None]


class DatasetVersion(Base):
    """One row that counts every change of the figures; ETags and cursors carry it."""

    __tablename__ = "dataset_version"
    __table_args__ = (CheckConstraint("only_row", name="only_row"),)

    only_row: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    version: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[Instant]


class ApiKey(Base):
    """A key to the API, kept as a digest."""

    __tablename__ = "api_key"

    id: Mapped[Serial]
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    teams: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_at: Mapped[Instant]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[MaybeInstant]


class AuditEntry(Base):
    """Who changed what, when. The database refuses to change or delete an entry."""

    __tablename__ = "audit_entry"

    id: Mapped[Serial]
    at: Mapped[Instant]
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    details: Mapped[Json]


class ScheduledRun(Base):
    """One run of a source by the scheduler, from start to its end."""

    __tablename__ = "scheduled_run"
    __table_args__ = (CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),)

    id: Mapped[Serial]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    state: Mapped[str] = mapped_column(server_default=text("'running'"))
    message: Mapped[str | None]
    started_at: Mapped[Instant]
    finished_at: Mapped[MaybeInstant]
    next_run_at: Mapped[MaybeInstant]  # when the source is run again


class Invoice(Base):
    """What an invoice comes to, as a delivery or a file says; a corrected figure supersedes the one before."""

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("status IN ('Open', 'Issued', 'Voided')", name="status"),
        CheckConstraint("num_nonnulls(delivery_id, imported_from) = 1", name="origin"),
        Index(
            "uq_invoice_current",
            "invoice_issuer_name",
            "invoice_id",
            "billing_account_id",
            "billing_period_start",
            "billing_currency",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_invoice_billing_period_start", "billing_period_start"),
    )

    id: Mapped[Serial]
    invoice_id: Mapped[str | None]  # None: only the account's total is known
    invoice_issuer_name: Mapped[str]
    billing_account_id: Mapped[str]
    billing_period_start: Mapped[date]
    billing_currency: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric)
    status: Mapped[str]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"), index=True)
    imported_from: Mapped[str | None]  # the name of the file, where it came in none of the deliveries
    imported_at: Mapped[Instant]
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))  # None: it was withdrawn
    superseded_at: Mapped[MaybeInstant]
