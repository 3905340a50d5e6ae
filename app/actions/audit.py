"""The audit log: one entry for every change, in the transaction that makes it."""

from sqlalchemy.orm import Session

from app.db.tables.access import AuditEntry
from app.domain.viewer import Viewer


def record(session: Session, viewer: Viewer, action: str, target: str, **details: object) -> None:
    """Adds an entry. `details` must be JSON; amounts go in as text."""
    session.add(AuditEntry(actor=viewer.name, action=action, target=target, details=details))
