"""take every bill: formats besides FOCUS, deliveries that add to a load, drivers"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4f6a1c0e5b7d"
down_revision = "db9101dea308"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("delivery", "focus_version", new_column_name="format_version")
    op.execute("UPDATE delivery SET format_version = 'FOCUS ' || format_version")
    op.add_column("delivery", sa.Column("scope", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("version", sa.Text(), nullable=True))
    op.add_column("scheduled_run", sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("estimates", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "load_delivery",
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_load_delivery_load_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_load_delivery_delivery_id")),
        sa.PrimaryKeyConstraint("load_id", "delivery_id", name=op.f("pk_load_delivery")),
    )
    op.create_index(op.f("ix_load_delivery_delivery_id"), "load_delivery", ["delivery_id"])
    op.execute("INSERT INTO load_delivery (load_id, delivery_id) SELECT id, delivery_id FROM load")
    op.create_table(
        "driver",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("service_provider_name", sa.Text(), nullable=True),
        sa.Column("dimensions", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_driver_load_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver")),
    )
    op.create_index(op.f("ix_driver_load_id"), "driver", ["load_id"])
    op.create_index(op.f("ix_driver_name_day"), "driver", ["name", "day"])


def downgrade() -> None:
    op.drop_table("driver")
    op.drop_table("load_delivery")
    op.drop_column("delivery", "estimates")
    op.drop_column("scheduled_run", "next_run_at")
    op.drop_column("delivery", "version")
    op.drop_column("delivery", "scope")
    op.execute("UPDATE delivery SET format_version = replace(format_version, 'FOCUS ', '')")
    op.alter_column("delivery", "format_version", new_column_name="focus_version")
