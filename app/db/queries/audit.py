"""Reads of the audit log."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.access import AuditEntry


def audit_entries(session: Session, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
    """Entries, the newest first; those older than entry `before` when given."""
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return session.scalars(statement).all()
