"""Who may do what, and who did."""

from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Instant, Json, MaybeInstant, Serial


class ApiKey(Base):
    """A key to the API, kept as a digest."""

    __tablename__ = "api_key"

    id: Mapped[Serial]
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    teams: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_at: Mapped[Instant]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[MaybeInstant]


class AuditEntry(Base):
    """Who changed what, when. The database refuses to change or delete an entry."""

    __tablename__ = "audit_entry"

    id: Mapped[Serial]
    at: Mapped[Instant]
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    details: Mapped[Json]
