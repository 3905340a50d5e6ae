"""The API keys there are, and whose a presented key is."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.db.queries.api_key import as_key, key_row, key_rows
from app.domain.api_key import Key, KeyText
from app.domain.viewer import Scope, Viewer


def keys(session: Session, viewer: Viewer) -> tuple[Key, ...]:
    """Every key, revoked and expired ones too, the newest first."""
    viewer.require(Scope.ADMIN)
    return tuple(as_key(row) for row in key_rows(session))


def viewer_with_key(session: Session, text: str, now: datetime) -> Viewer | None:
    """Who presents the key `text` at `now`, or None when it opens nothing."""
    presented = KeyText.parse(text)
    row = key_row(session, presented.prefix) if presented else None
    if presented is None or row is None or not presented.has_digest(row.digest):
        return None
    key = as_key(row)
    return key.viewer if key.works_at(now) else None
