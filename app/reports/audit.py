"""The audit log: who changed what, when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db.queries.audit import audit_entries
from app.domain.viewer import Scope, Viewer


@dataclass(frozen=True)
class AuditLine:
    """One change."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    details: dict[str, Any]


def audit(session: Session, viewer: Viewer, *, before: int | None = None, limit: int = 100) -> tuple[AuditLine, ...]:
    """Changes, the newest first; those before entry `before` when given."""
    viewer.require(Scope.ADMIN)
    return tuple(
        AuditLine(each.id, each.at, each.actor, each.action, each.target, each.details)
        for each in audit_entries(session, before=before, limit=limit)
    )
