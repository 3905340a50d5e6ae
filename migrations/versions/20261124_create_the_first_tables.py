"""create the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "db9101dea308"
down_revision = None
branch_labels = None
depends_on = None


# The audit log is append-only in the database itself, not only in code.
AUDIT_GUARD = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is append-only';
END $$;
CREATE TRIGGER audit_entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
"""


def upgrade() -> None:
    # Exclusion constraints over text and ranges need it; it ships with PostgreSQL and is a trusted extension.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("teams", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "charge",
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("charge_day", sa.Date(), nullable=False),
        sa.Column("charge_key_id", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("billed_cost", sa.Numeric(), nullable=True),
        sa.Column("effective_cost", sa.Numeric(), nullable=True),
        sa.Column("list_cost", sa.Numeric(), nullable=True),
        sa.Column("contracted_cost", sa.Numeric(), nullable=True),
        sa.Column("consumed_quantity", sa.Numeric(), nullable=True),
        sa.Column("pricing_quantity", sa.Numeric(), nullable=True),
        sa.Column("billed_cost_missing", sa.Integer(), nullable=True),
        sa.Column("effective_cost_missing", sa.Integer(), nullable=True),
        sa.Column("list_cost_missing", sa.Integer(), nullable=True),
        sa.Column("contracted_cost_missing", sa.Integer(), nullable=True),
        postgresql_partition_by="RANGE (billing_period_start)",
    )
    op.create_index("ix_charge_charge_day", "charge", ["charge_day"], unique=False)
    op.create_table(
        "charge_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("extras", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("service_provider_name", sa.Text(), nullable=True),
        sa.Column("host_provider_name", sa.Text(), nullable=True),
        sa.Column("publisher_name", sa.Text(), nullable=True),
        sa.Column("invoice_issuer_name", sa.Text(), nullable=True),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("billing_account_id", sa.Text(), nullable=True),
        sa.Column("billing_account_name", sa.Text(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("sub_account_id", sa.Text(), nullable=True),
        sa.Column("sub_account_name", sa.Text(), nullable=True),
        sa.Column("charge_category", sa.Text(), nullable=True),
        sa.Column("charge_class", sa.Text(), nullable=True),
        sa.Column("charge_frequency", sa.Text(), nullable=True),
        sa.Column("pricing_category", sa.Text(), nullable=True),
        sa.Column("pricing_unit", sa.Text(), nullable=True),
        sa.Column("consumed_unit", sa.Text(), nullable=True),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("service_subcategory", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("region_id", sa.Text(), nullable=True),
        sa.Column("region_name", sa.Text(), nullable=True),
        sa.Column("availability_zone", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("resource_name", sa.Text(), nullable=True),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("sku_meter", sa.Text(), nullable=True),
        sa.Column("sku_price_id", sa.Text(), nullable=True),
        sa.Column("commitment_discount_id", sa.Text(), nullable=True),
        sa.Column("commitment_discount_name", sa.Text(), nullable=True),
        sa.Column("commitment_discount_category", sa.Text(), nullable=True),
        sa.Column("commitment_discount_type", sa.Text(), nullable=True),
        sa.Column("commitment_discount_status", sa.Text(), nullable=True),
        sa.Column("capacity_reservation_id", sa.Text(), nullable=True),
        sa.Column("capacity_reservation_status", sa.Text(), nullable=True),
        sa.Column("allocated_method_id", sa.Text(), nullable=True),
        sa.Column("allocated_resource_id", sa.Text(), nullable=True),
        sa.Column("allocated_resource_name", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_charge_key_digest")),
    )
    op.create_table(
        "daily_cost",
        sa.Column("charge_day", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("service_provider_name", sa.Text(), nullable=True),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("charge_category", sa.Text(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("billed_cost", sa.Numeric(), nullable=True),
        sa.Column("effective_cost", sa.Numeric(), nullable=True),
        sa.Column("list_cost", sa.Numeric(), nullable=True),
        sa.Column("contracted_cost", sa.Numeric(), nullable=True),
        sa.Column("billed_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("effective_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("list_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("contracted_cost_missing", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_cost")),
    )
    op.create_index(op.f("ix_daily_cost_billing_period_start"), "daily_cost", ["billing_period_start"], unique=False)
    op.create_index("ix_daily_cost_charge_day", "daily_cost", ["charge_day"], unique=False)
    op.create_index("ix_daily_cost_pool_id_charge_day", "daily_cost", ["pool_id", "charge_day"], unique=False)
    op.create_index("ix_daily_cost_team_id_charge_day", "daily_cost", ["team_id", "charge_day"], unique=False)
    op.create_table(
        "dataset_version",
        sa.Column("only_row", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("only_row", name=op.f("ck_dataset_version_only_row")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_dataset_version")),
    )
    op.create_table(
        "monthly_cost",
        sa.Column("charge_month", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("service_provider_name", sa.Text(), nullable=True),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("charge_category", sa.Text(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("billed_cost", sa.Numeric(), nullable=True),
        sa.Column("effective_cost", sa.Numeric(), nullable=True),
        sa.Column("list_cost", sa.Numeric(), nullable=True),
        sa.Column("contracted_cost", sa.Numeric(), nullable=True),
        sa.Column("billed_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("effective_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("list_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("contracted_cost_missing", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_cost")),
    )
    op.create_index(
        op.f("ix_monthly_cost_billing_period_start"), "monthly_cost", ["billing_period_start"], unique=False
    )
    op.create_index("ix_monthly_cost_charge_month", "monthly_cost", ["charge_month"], unique=False)
    op.create_table(
        "monthly_resource_cost",
        sa.Column("charge_month", sa.Date(), nullable=False),
        sa.Column("pricing_category", sa.Text(), nullable=True),
        sa.Column("sub_account_id", sa.Text(), nullable=True),
        sa.Column("region_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("resource_name", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("service_provider_name", sa.Text(), nullable=True),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("charge_category", sa.Text(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("billed_cost", sa.Numeric(), nullable=True),
        sa.Column("effective_cost", sa.Numeric(), nullable=True),
        sa.Column("list_cost", sa.Numeric(), nullable=True),
        sa.Column("contracted_cost", sa.Numeric(), nullable=True),
        sa.Column("billed_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("effective_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("list_cost_missing", sa.BigInteger(), nullable=True),
        sa.Column("contracted_cost_missing", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_resource_cost")),
    )
    op.create_index(
        op.f("ix_monthly_resource_cost_billing_period_start"),
        "monthly_resource_cost",
        ["billing_period_start"],
        unique=False,
    )
    op.create_index(
        "ix_monthly_resource_cost_charge_month_pool_id",
        "monthly_resource_cost",
        ["charge_month", "pool_id"],
        unique=False,
    )
    op.create_index(
        "ix_monthly_resource_cost_charge_month_team_id",
        "monthly_resource_cost",
        ["charge_month", "team_id"],
        unique=False,
    )
    op.create_table(
        "policy_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("statement_metric", sa.Text(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "pool_share",
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("share", sa.Numeric(precision=13, scale=12), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_pool_share_share")),
        sa.PrimaryKeyConstraint(
            "billing_period_start", "billing_currency", "pool_id", "team_id", name=op.f("pk_pool_share")
        ),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "assignment",
        sa.Column("policy_version_id", sa.BigInteger(), nullable=False),
        sa.Column("charge_key_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_assignment_validity")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_assignment_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("policy_version_id", "charge_key_id", "valid_from", name=op.f("pk_assignment")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("focus_version", sa.Text(), nullable=True),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("rows_in", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_quarantined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "control_totals", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("state", sa.Text(), server_default=sa.text("'received'"), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('received', 'loaded', 'refused')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_delivery_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_source_id"), "delivery", ["source_id"], unique=False)
    op.create_table(
        "pool",
        sa.Column("policy_version_id", sa.BigInteger(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["policy_version_id"], ["policy_version.id"], name=op.f("fk_pool_policy_version_id")),
        sa.PrimaryKeyConstraint("policy_version_id", "pool_id", name=op.f("pk_pool")),
    )
    op.create_table(
        "scheduled_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_scheduled_run_state")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_scheduled_run_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_run")),
    )
    op.create_index(op.f("ix_scheduled_run_source_id"), "scheduled_run", ["source_id"], unique=False)
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("cost_center", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("policy_version_id"), "="),
            (sa.column("team_id"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="ex_team_validity",
        ),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_team_validity")),
        sa.ForeignKeyConstraint(["policy_version_id"], ["policy_version.id"], name=op.f("fk_team_policy_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("example", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_finding_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_delivery_id"), "finding", ["delivery_id"], unique=False)
    op.create_table(
        "load",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'live'"), nullable=False),
        sa.Column("rows_loaded", sa.BigInteger(), nullable=False),
        sa.Column("first_charge_day", sa.Date(), nullable=False),
        sa.Column("last_charge_day", sa.Date(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("billing_account_ids", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_by", sa.BigInteger(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('live', 'superseded')", name=op.f("ck_load_state")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_load_delivery_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_load_source_id")),
        sa.ForeignKeyConstraint(["superseded_by"], ["load.id"], name=op.f("fk_load_superseded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
    )
    op.create_index("ix_load_billing_period_start", "load", ["billing_period_start"], unique=False)
    op.create_index(
        "uq_load_live",
        "load",
        ["source_id", "billing_period_start"],
        unique=True,
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "quarantined_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("billed_cost", sa.Text(), nullable=True),
        sa.Column("effective_cost", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_quarantined_row_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_row")),
    )
    op.create_index(op.f("ix_quarantined_row_delivery_id"), "quarantined_row", ["delivery_id"], unique=False)
    op.create_table(
        "load_difference",
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("billed_cost_before", sa.Numeric(), nullable=False),
        sa.Column("billed_cost_after", sa.Numeric(), nullable=False),
        sa.Column("effective_cost_before", sa.Numeric(), nullable=False),
        sa.Column("effective_cost_after", sa.Numeric(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_load_difference_load_id")),
        sa.PrimaryKeyConstraint("load_id", "line", name=op.f("pk_load_difference")),
    )
    op.execute(AUDIT_GUARD)
    op.execute("INSERT INTO dataset_version (version) VALUES (0)")


def downgrade() -> None:
    op.drop_table("load_difference")
    op.drop_index(op.f("ix_quarantined_row_delivery_id"), table_name="quarantined_row")
    op.drop_table("quarantined_row")
    op.drop_index("uq_load_live", table_name="load", postgresql_where=sa.text("state = 'live'"))
    op.drop_index("ix_load_billing_period_start", table_name="load")
    op.drop_table("load")
    op.drop_index(op.f("ix_finding_delivery_id"), table_name="finding")
    op.drop_table("finding")
    op.drop_table("team")
    op.drop_index(op.f("ix_scheduled_run_source_id"), table_name="scheduled_run")
    op.drop_table("scheduled_run")
    op.drop_table("pool")
    op.drop_index(op.f("ix_delivery_source_id"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("assignment")
    op.drop_table("source")
    op.drop_table("pool_share")
    op.drop_table("policy_version")
    op.drop_index("ix_monthly_resource_cost_charge_month_team_id", table_name="monthly_resource_cost")
    op.drop_index("ix_monthly_resource_cost_charge_month_pool_id", table_name="monthly_resource_cost")
    op.drop_index(op.f("ix_monthly_resource_cost_billing_period_start"), table_name="monthly_resource_cost")
    op.drop_table("monthly_resource_cost")
    op.drop_index("ix_monthly_cost_charge_month", table_name="monthly_cost")
    op.drop_index(op.f("ix_monthly_cost_billing_period_start"), table_name="monthly_cost")
    op.drop_table("monthly_cost")
    op.drop_table("dataset_version")
    op.drop_index("ix_daily_cost_team_id_charge_day", table_name="daily_cost")
    op.drop_index("ix_daily_cost_pool_id_charge_day", table_name="daily_cost")
    op.drop_index("ix_daily_cost_charge_day", table_name="daily_cost")
    op.drop_index(op.f("ix_daily_cost_billing_period_start"), table_name="daily_cost")
    op.drop_table("daily_cost")
    op.drop_table("charge_key")
    op.drop_table("charge")
    op.drop_table("audit_entry")
    op.drop_table("api_key")
    op.execute("DROP FUNCTION refuse_audit_change")
