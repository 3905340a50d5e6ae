"""Rates between currencies."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Instant, MaybeInstant, Serial


class FxRate(Base):
    """What one unit of `base_currency` is worth in `quote_currency` on a day, or in the month that `day` begins.

    A corrected rate supersedes it.
    """

    __tablename__ = "fx_rate"
    __table_args__ = (
        CheckConstraint("rate > 0", name="rate"),
        Index(
            "uq_fx_rate_current",
            "base_currency",
            "quote_currency",
            "day",
            "monthly",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[Serial]
    base_currency: Mapped[str]
    quote_currency: Mapped[str]
    day: Mapped[date]
    monthly: Mapped[bool] = mapped_column(server_default=text("false"))  # the average of the month, as published
    rate: Mapped[Decimal] = mapped_column(Numeric)
    imported_from: Mapped[str]
    imported_at: Mapped[Instant]
    superseded_at: Mapped[MaybeInstant]
