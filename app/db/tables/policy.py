"""A policy as it was applied: its teams and pools, the owner of every charge key, who pays for a pool."""

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Numeric, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Instant, Serial


class PolicyVersion(Base):
    """A policy as it was applied; the newest one is in force."""

    __tablename__ = "policy_version"

    id: Mapped[Serial]
    name: Mapped[str]
    document: Mapped[str]
    sha256: Mapped[str]
    statement_metric: Mapped[str]
    applied_by: Mapped[str]
    applied_at: Mapped[Instant]


class Team(Base):
    """Who pays: a node of a policy's ownership tree, while it is valid."""

    __tablename__ = "team"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="validity"),
        ExcludeConstraint(
            ("policy_version_id", "="),
            ("team_id", "="),
            (text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_team_validity",
        ),
    )

    id: Mapped[Serial]
    policy_version_id: Mapped[int] = mapped_column(ForeignKey(PolicyVersion.id))
    team_id: Mapped[str]
    name: Mapped[str]
    parent_id: Mapped[str | None]
    cost_center: Mapped[str | None]
    gl_account: Mapped[str | None]
    valid_from: Mapped[date | None]  # None: since ever
    valid_to: Mapped[date | None]  # None: until further notice


class Pool(Base):
    """Shared cost that a policy splits among teams."""

    __tablename__ = "pool"

    policy_version_id: Mapped[int] = mapped_column(ForeignKey(PolicyVersion.id), primary_key=True)
    pool_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    split: Mapped[str]


class Assignment(Base):
    """The owner that a policy gives to a charge key from `valid_from` up to, not including, `valid_to`.

    An open side is ±infinity, so that joins need no case for it; Python's dates do not know infinity, so only SQL
    reads this table.
    """

    __tablename__ = "assignment"
    __table_args__ = (CheckConstraint("valid_from < valid_to", name="validity"),)

    policy_version_id: Mapped[int] = mapped_column(ForeignKey(PolicyVersion.id), primary_key=True)
    charge_key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    rule: Mapped[str | None]
    team_id: Mapped[str | None]
    pool_id: Mapped[str | None]


class PoolShare(Base):
    """The share of a pool that a team pays in a billing period and currency. The shares of a pool add up to 1."""

    __tablename__ = "pool_share"
    __table_args__ = (CheckConstraint("share > 0 AND share <= 1", name="share"),)

    billing_period_start: Mapped[date] = mapped_column(primary_key=True)
    billing_currency: Mapped[str] = mapped_column(primary_key=True)
    pool_id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(primary_key=True)
    share: Mapped[Decimal] = mapped_column(Numeric(13, 12))
