"""GPU telemetry: boards, nodes, owners, hourly facts, jobs, prices, waste and findings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "941a6cb57340"
down_revision = "a3c7e1d94b52"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gpu_finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("board_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("billing_currency", sa.Text(), nullable=True),
        sa.Column("recoverable_capacity_cost", sa.Numeric(), nullable=True),
        sa.Column("recoverable_bill_cost", sa.Numeric(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("exempt_until", sa.Date(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'exempt', 'resolved')", name=op.f("ck_gpu_finding_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_finding")),
    )
    op.create_table(
        "gpu_node",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("instance_type", sa.Text(), nullable=True),
        sa.Column("boards", sa.SmallInteger(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_node")),
        sa.UniqueConstraint("name", name=op.f("uq_gpu_node_name")),
    )
    op.create_index(op.f("ix_gpu_node_resource_id"), "gpu_node", ["resource_id"], unique=False)
    op.create_table(
        "gpu_owner",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=True),
        sa.Column("pod", sa.Text(), nullable=True),
        sa.Column("container", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("user_name", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_owner")),
        sa.UniqueConstraint(
            "namespace",
            "pod",
            "container",
            "job_id",
            "user_name",
            "account",
            "team",
            name="uq_gpu_owner_workload",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "gpu_waste",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("board_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("accelerator", sa.Text(), nullable=True),
        sa.Column("purchase_option", sa.Text(), nullable=False),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("board_minutes", sa.Numeric(), nullable=False),
        sa.Column("effective_cost", sa.Numeric(), nullable=False),
        sa.Column("recoverable_capacity_cost", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("recoverable_bill_cost", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_waste")),
    )
    op.create_index("ix_gpu_waste_billing_period_start", "gpu_waste", ["billing_period_start"], unique=False)
    op.create_index("ix_gpu_waste_day", "gpu_waste", ["day"], unique=False)
    op.create_table(
        "gpu_board",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("gpu_uuid", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("accelerator", sa.Text(), nullable=True),
        sa.Column("fb_total_mib", sa.REAL(), nullable=True),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["gpu_node.id"], name=op.f("fk_gpu_board_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_board")),
        sa.UniqueConstraint("gpu_uuid", name=op.f("uq_gpu_board_gpu_uuid")),
    )
    op.create_table(
        "gpu_node_span",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('resource', 'down')", name=op.f("ck_gpu_node_span_kind")),
        sa.ForeignKeyConstraint(["node_id"], ["gpu_node.id"], name=op.f("fk_gpu_node_span_node_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_gpu_node_span_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_node_span")),
    )
    op.create_index(op.f("ix_gpu_node_span_node_id"), "gpu_node_span", ["node_id"], unique=False)
    op.create_table(
        "gpu_hour",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("board_id", sa.BigInteger(), nullable=False),
        sa.Column("gpu_instance_id", sa.SmallInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("mig_profile", sa.Text(), nullable=True),
        sa.Column("sample_count", sa.Integer(), nullable=False),
        sa.Column("observed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("active", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("suspect", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unavailable", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("activity_source", sa.Text(), nullable=True),
        sa.Column("activity_avg", sa.REAL(), nullable=True),
        sa.Column("activity_max", sa.REAL(), nullable=True),
        sa.Column("gpu_util_avg", sa.REAL(), nullable=True),
        sa.Column("gpu_util_max", sa.REAL(), nullable=True),
        sa.Column("tensor_active_avg", sa.REAL(), nullable=True),
        sa.Column("tensor_active_max", sa.REAL(), nullable=True),
        sa.Column("dram_active_avg", sa.REAL(), nullable=True),
        sa.Column("dram_active_max", sa.REAL(), nullable=True),
        sa.Column("fb_used_mib_avg", sa.REAL(), nullable=True),
        sa.Column("fb_used_mib_max", sa.REAL(), nullable=True),
        sa.Column("power_watts_avg", sa.REAL(), nullable=True),
        sa.Column("power_watts_max", sa.REAL(), nullable=True),
        sa.Column("energy_mj", sa.Double(), nullable=True),
    )
    op.create_index("ix_gpu_hour_board_id_hour", "gpu_hour", ["board_id", "hour"], unique=False)
    op.create_index("ix_gpu_hour_hour", "gpu_hour", ["hour"], unique=False)
    op.create_table(
        "gpu_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("user_name", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("partition", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("nodes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("node_count", sa.Integer(), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checkpoint_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_gpu_job_delivery_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_gpu_job_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpu_job")),
        sa.UniqueConstraint(
            "source_id",
            "job_id",
            "started_at",
            name=op.f("uq_gpu_job_source_id_job_id_started_at"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_gpu_job_started_at", "gpu_job", ["started_at"], unique=False)
    op.create_table(
        "gpu_price",
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("charge_key_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_daily", sa.Boolean(), nullable=False),
        sa.Column("effective_cost", sa.Numeric(), nullable=False),
        sa.Column("node_hours", sa.Numeric(), nullable=True),
        sa.PrimaryKeyConstraint("load_id", "charge_key_id", "hour", name=op.f("pk_gpu_price")),
    )
    op.create_index("ix_gpu_price_hour", "gpu_price", ["hour"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_gpu_price_hour", table_name="gpu_price")
    op.drop_table("gpu_price")
    op.drop_index("ix_gpu_job_started_at", table_name="gpu_job")
    op.drop_table("gpu_job")
    op.drop_index("ix_gpu_hour_hour", table_name="gpu_hour")
    op.drop_index("ix_gpu_hour_board_id_hour", table_name="gpu_hour")
    op.drop_table("gpu_hour")
    op.drop_index(op.f("ix_gpu_node_span_node_id"), table_name="gpu_node_span")
    op.drop_table("gpu_node_span")
    op.drop_table("gpu_board")
    op.drop_index("ix_gpu_waste_day", table_name="gpu_waste")
    op.drop_index("ix_gpu_waste_billing_period_start", table_name="gpu_waste")
    op.drop_table("gpu_waste")
    op.drop_table("gpu_owner")
    op.drop_index(op.f("ix_gpu_node_resource_id"), table_name="gpu_node")
    op.drop_table("gpu_node")
    op.drop_table("gpu_finding")
