"""keep invoices: what each comes to, for bills to tie to"""

import sqlalchemy as sa
from alembic import op

revision = "5b2d1f6c8e30"
down_revision = "4f6a1c0e5b7d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("invoice_issuer_name", sa.Text(), nullable=False),
        sa.Column("billing_account_id", sa.Text(), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("imported_from", sa.Text(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('Open', 'Issued', 'Voided')", name=op.f("ck_invoice_status")),
        sa.CheckConstraint("num_nonnulls(delivery_id, imported_from) = 1", name=op.f("ck_invoice_origin")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_invoice_delivery_id")),
        sa.ForeignKeyConstraint(["superseded_by"], ["invoice.id"], name=op.f("fk_invoice_superseded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
    )
    op.create_index(
        "uq_invoice_current",
        "invoice",
        ["invoice_issuer_name", "invoice_id", "billing_account_id", "billing_period_start", "billing_currency"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_invoice_billing_period_start", "invoice", ["billing_period_start"])
    op.create_index(op.f("ix_invoice_delivery_id"), "invoice", ["delivery_id"])


def downgrade() -> None:
    op.drop_table("invoice")
