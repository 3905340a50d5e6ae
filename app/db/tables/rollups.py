"""Live charges rolled up, with the owner before sharing: what reports read."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Cost, Instant, Serial


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
