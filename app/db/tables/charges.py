"""What bills say: charges at the grain UTC day × charge key, and drivers beside them."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Cost, Json, Missing, Serial
from app.db.tables.bills import Load
from app.domain.charge import KEY_COLUMNS


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


class Driver(Base):
    """A daily quantity that explains cost, such as tokens by model; it comes and goes with its load."""

    __tablename__ = "driver"
    __table_args__ = (
        Index("ix_driver_name_day", "name", "day"),
        Index("uq_driver_key", "load_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
    )

    id: Mapped[Serial]
    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id), index=True)
    day: Mapped[date]
    name: Mapped[str]
    unit: Mapped[str]
    service_provider_name: Mapped[str | None]
    dimensions: Mapped[Json]  # model, token_class, sub_account_id, team, …
    quantity: Mapped[Decimal] = mapped_column(Numeric)
    key: Mapped[str | None]  # by which who posted it can replace it; None of what came in a file
