"""What invoices come to."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Instant, MaybeInstant, Serial
from app.db.tables.bills import Delivery


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
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey(Delivery.id), index=True)
    imported_from: Mapped[str | None]  # the name of the file, where it came in none of the deliveries
    imported_at: Mapped[Instant]
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))  # None: it was withdrawn
    superseded_at: Mapped[MaybeInstant]
