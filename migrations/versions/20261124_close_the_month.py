"""close the month: statements with their lines and files, comments, budgets, rates, GL accounts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a3c7e1d94b52"
down_revision = "8e5a4c9fb162"
branch_labels = None
depends_on = None

# What was handed out stays as it was, whoever asks and by whatever means.
KEEP_STATEMENTS = """
CREATE FUNCTION keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'issued' AND NEW.state IN ('closed', 'withdrawn')
          AND (NEW.billing_period_start, NEW.metric, NEW.allocation_version, NEW.loads, NEW.splits, NEW.drawn_at)
              = (OLD.billing_period_start, OLD.metric, OLD.allocation_version, OLD.loads, OLD.splits, OLD.drawn_at)
          AND (NEW.policy_version_id, NEW.issued_at, NEW.issued_by)
              IS NOT DISTINCT FROM (OLD.policy_version_id, OLD.issued_at, OLD.issued_by) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The statement of % is %, so it cannot be changed.', OLD.billing_period_start, OLD.state;
END $$;
CREATE TRIGGER statement_is_kept BEFORE UPDATE OR DELETE ON statement
    FOR EACH ROW EXECUTE FUNCTION keep_statement();

CREATE FUNCTION keep_statement_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed JOIN statement ON statement.id = changed.statement_id
               WHERE state = 'closed' OR TG_OP <> 'INSERT' AND state <> 'draft'
                  OR state <> 'draft' AND issued_at <> now()) THEN  -- lines are added only by the transaction that issues them
        RAISE EXCEPTION 'The lines of an issued or closed statement cannot be changed.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER statement_line_is_kept_from_insert AFTER INSERT ON statement_line
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_statement_lines();
CREATE TRIGGER statement_line_is_kept_from_update AFTER UPDATE ON statement_line
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_statement_lines();
CREATE TRIGGER statement_line_is_kept_from_moving AFTER UPDATE ON statement_line
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_statement_lines();
CREATE TRIGGER statement_line_is_kept_from_delete AFTER DELETE ON statement_line
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_statement_lines();

CREATE FUNCTION refuse_statement_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: statements, their files and comments are kept.', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER statement_is_not_emptied BEFORE TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();
CREATE TRIGGER statement_line_is_not_emptied BEFORE TRUNCATE ON statement_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();
CREATE TRIGGER line_comment_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON line_comment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();
CREATE TRIGGER statement_file_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();

CREATE FUNCTION keep_load() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM statement WHERE billing_period_start = OLD.billing_period_start
               AND state IN ('issued', 'closed')) THEN
        RAISE EXCEPTION 'Load % cannot be deleted: the statement of % rests on such loads, and can be replayed.',
            OLD.id, OLD.billing_period_start;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER load_is_kept BEFORE DELETE ON load FOR EACH ROW EXECUTE FUNCTION keep_load();
"""


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("thresholds", postgresql.ARRAY(sa.Numeric()), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_budget_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
    )
    op.create_index(
        "uq_budget_current",
        "budget",
        ["team_id", "billing_period_start", "billing_currency"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "fx_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("base_currency", sa.Text(), nullable=False),
        sa.Column("quote_currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("monthly", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("imported_from", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rate > 0", name=op.f("ck_fx_rate_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fx_rate")),
    )
    op.create_index(
        "uq_fx_rate_current",
        "fx_rate",
        ["base_currency", "quote_currency", "day", "monthly"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "line_comment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("cost_type", sa.Text(), nullable=True),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_comment")),
    )
    op.create_index(
        "ix_line_comment_billing_period_start_team_id",
        "line_comment",
        ["billing_period_start", "team_id"],
        unique=False,
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("billing_period_start", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("allocation_version", sa.Integer(), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=True),
        sa.Column("loads", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("splits", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("fx", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column(
            "overridden", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'issued', 'withdrawn', 'closed')", name=op.f("ck_statement_state")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_statement_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(
        "uq_statement_current",
        "statement",
        ["billing_period_start", "state"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_table(
        "statement_file",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_file_statement_id")),
        sa.PrimaryKeyConstraint("statement_id", "name", name=op.f("pk_statement_file")),
    )
    op.create_table(
        "statement_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("billing_currency", sa.Text(), nullable=False),
        sa.Column("invoice_issuer_name", sa.Text(), nullable=True),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("cost_type", sa.Text(), nullable=False),
        sa.Column("pool_id", sa.Text(), nullable=True),
        sa.Column("service_provider_name", sa.Text(), nullable=True),
        sa.Column("service_name", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("share", sa.Numeric(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("exact_amount", sa.Numeric(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("rows_without_value", sa.BigInteger(), nullable=False),
        sa.Column("adjusts_period", sa.Date(), nullable=True),
        sa.Column("adjusts_cost_type", sa.Text(), nullable=True),
        sa.Column("adjusts_line_id", sa.BigInteger(), nullable=True),
        sa.Column("causes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["adjusts_line_id"], ["statement_line.id"], name=op.f("fk_statement_line_adjusts_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_line_statement_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
    )
    op.create_index(op.f("ix_statement_line_adjusts_line_id"), "statement_line", ["adjusts_line_id"], unique=False)
    op.create_index(
        "ix_statement_line_statement_id_team_id", "statement_line", ["statement_id", "team_id"], unique=False
    )
    op.add_column("team", sa.Column("gl_account", sa.Text(), nullable=True))
    op.add_column("driver", sa.Column("key", sa.Text(), nullable=True))
    op.create_index(
        "uq_driver_key", "driver", ["load_id", "key"], unique=True, postgresql_where=sa.text("key IS NOT NULL")
    )
    op.execute(KEEP_STATEMENTS)


def downgrade() -> None:
    op.execute("DROP TRIGGER load_is_kept ON load")
    op.drop_index("uq_driver_key", table_name="driver", postgresql_where=sa.text("key IS NOT NULL"))
    op.drop_column("driver", "key")
    op.drop_column("team", "gl_account")
    op.drop_index("ix_statement_line_statement_id_team_id", table_name="statement_line")
    op.drop_index(op.f("ix_statement_line_adjusts_line_id"), table_name="statement_line")
    op.drop_table("statement_line")
    op.drop_table("statement_file")
    op.drop_index("uq_statement_current", table_name="statement", postgresql_where=sa.text("state <> 'withdrawn'"))
    op.drop_table("statement")
    op.drop_index("ix_line_comment_billing_period_start_team_id", table_name="line_comment")
    op.drop_table("line_comment")
    op.drop_index("uq_fx_rate_current", table_name="fx_rate", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_table("fx_rate")
    op.drop_index("uq_budget_current", table_name="budget", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_table("budget")
    op.execute("DROP FUNCTION keep_load, keep_statement, keep_statement_lines, refuse_statement_change")
