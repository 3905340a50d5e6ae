"""Putting a policy in force."""

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.chargeback.applying import put_in_force
from app.db.tables.policy import PolicyVersion
from app.domain.viewer import Scope, Viewer


def apply_policy(session: Session, viewer: Viewer, document: str) -> PolicyVersion | None:
    """Puts a policy document in force and posts every billing period by it.

    Returns None when it is in force already. Raises PolicyError with every problem in the document.
    """
    viewer.require_everything(Scope.WRITE_POLICY)
    version = put_in_force(session, document, applied_by=viewer.name)
    if version:
        record(session, viewer, "policy.apply", version.name, version=version.id, sha256=version.sha256)
    return version
