"""Chargeback statements: what was drafted, issued and closed, and the files that were handed to finance."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Numeric, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Cost, Instant, Json, JsonList, MaybeInstant, Serial
from app.db.tables.policy import PolicyVersion

MaybeJson = Annotated[dict[str, object] | None, mapped_column(JSONB)]


class Statement(Base):
    """A billing period's chargeback over all teams.

    A period has at most one *draft*, which follows the live loads and the policy in force also after closing; at most
    one *issued*, a copy of the draft as it was sent; and at most one *closed*, which is that copy for good. The
    database refuses to change a closed one or the lines of any but a draft.
    """

    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'issued', 'withdrawn', 'closed')", name="state"),
        Index(
            "uq_statement_current",
            "billing_period_start",
            "state",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    id: Mapped[Serial]
    billing_period_start: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    metric: Mapped[str]  # the cost it is drawn on
    allocation_version: Mapped[int] = mapped_column(Integer)  # of our rules of allocation and rounding
    policy_version_id: Mapped[int | None] = mapped_column(ForeignKey(PolicyVersion.id))
    loads: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # whose charges and drivers it rests on
    splits: Mapped[JsonList]  # what each pool was split by: weights, their source, shares
    fx: Mapped[JsonList]  # the rates into the reporting currency, as they were when it was closed
    sha256: Mapped[str | None]  # of its canonical CSV and JSON
    drawn_at: Mapped[Instant]
    issued_at: Mapped[MaybeInstant]
    issued_by: Mapped[str | None]
    closed_at: Mapped[MaybeInstant]
    closed_by: Mapped[str | None]
    overridden: Mapped[JsonList]  # what spoke against closing
    override_reason: Mapped[str | None]


class StatementLine(Base):
    """What one team owes for one thing; no team means unallocated."""

    __tablename__ = "statement_line"
    __table_args__ = (Index("ix_statement_line_statement_id_team_id", "statement_id", "team_id"),)

    id: Mapped[Serial]
    statement_id: Mapped[int] = mapped_column(ForeignKey(Statement.id, ondelete="CASCADE"))
    billing_currency: Mapped[str]
    invoice_issuer_name: Mapped[str | None]
    invoice_id: Mapped[str | None]
    team_id: Mapped[str | None]
    cost_type: Mapped[str]
    pool_id: Mapped[str | None]
    service_provider_name: Mapped[str | None]
    service_name: Mapped[str | None]
    unit: Mapped[str | None]
    share: Mapped[Cost]  # the team's part of the pool
    quantity: Mapped[Cost]
    exact_amount: Mapped[Decimal] = mapped_column(Numeric)  # every digit
    amount: Mapped[Decimal] = mapped_column(Numeric)  # in whole minor units of the currency; what is charged
    row_count: Mapped[int] = mapped_column(BigInteger)
    rows_without_value: Mapped[int] = mapped_column(BigInteger)
    adjusts_period: Mapped[date | None]  # the closed billing period that the line corrects
    adjusts_cost_type: Mapped[str | None]
    adjusts_line_id: Mapped[int | None] = mapped_column(ForeignKey("statement_line.id"), index=True)
    causes: Mapped[Json]  # of an adjustment: the loads and policy versions before and after


class StatementFile(Base):
    """A file of a closed statement's finance pack, as it was when it was closed."""

    __tablename__ = "statement_file"

    statement_id: Mapped[int] = mapped_column(ForeignKey(Statement.id), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LineComment(Base):
    """What somebody wrote on a line of a period's chargeback; it stays with the line when the draft is drawn anew."""

    __tablename__ = "line_comment"
    __table_args__ = (Index("ix_line_comment_billing_period_start_team_id", "billing_period_start", "team_id"),)

    id: Mapped[Serial]
    billing_period_start: Mapped[date]
    team_id: Mapped[str | None]
    billing_currency: Mapped[str]
    cost_type: Mapped[str | None]  # None: on the statement as a whole
    pool_id: Mapped[str | None]
    service_name: Mapped[str | None]
    text: Mapped[str]
    author: Mapped[str]
    written_at: Mapped[Instant]


class Budget(Base):
    """What a team means to spend in a billing period; a new amount supersedes the one before."""

    __tablename__ = "budget"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        Index(
            "uq_budget_current",
            "team_id",
            "billing_period_start",
            "billing_currency",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[Serial]
    team_id: Mapped[str]
    billing_period_start: Mapped[date]
    billing_currency: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric)
    thresholds: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric))  # percent of the amount
    set_by: Mapped[str]
    set_at: Mapped[Instant]
    superseded_at: Mapped[MaybeInstant]
