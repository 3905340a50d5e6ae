"""Reads about API keys."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.access import ApiKey
from app.domain.api_key import Key
from app.domain.viewer import Scope


def key_row(session: Session, prefix: str) -> ApiKey | None:
    """The row of the key with `prefix`."""
    return session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).first()


def key_rows(session: Session) -> Sequence[ApiKey]:
    """The rows of all keys, the newest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.id.desc())).all()


def as_key(row: ApiKey) -> Key:
    """The key in a row, without its digest."""
    return Key(
        prefix=row.prefix,
        name=row.name,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        teams=None if row.teams is None else tuple(row.teams),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
