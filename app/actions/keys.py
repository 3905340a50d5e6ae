"""Making, replacing and revoking API keys."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.queries.api_key import as_key, key_row
from app.db.queries.teams import teams_in_force
from app.db.tables.access import ApiKey
from app.domain.api_key import Key, KeyText
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, Conflict, NotFound, Refused

DAYS = 365
_SECRET_BYTES = 32


@dataclass(frozen=True)
class NewKey:
    """A key just made, with its text, which is shown this once and kept nowhere."""

    key: Key
    text: str


def create_key(
    session: Session,
    viewer: Viewer,
    *,
    name: str,
    scopes: Collection[Scope],
    teams: Collection[str] | None = None,
    now: datetime,
    days: int = DAYS,
) -> NewKey:
    """Makes a key that works for `days`, for everything or for the subtrees of `teams` alone.

    Raises BadInput without a name or a scope, and for a team that the policy does not know.
    """
    _require_admin(viewer)
    if not name.strip() or not scopes or days < 1:
        raise BadInput("A key needs a name, at least one scope and at least one day to live.")
    unknown = set(teams or ()) - {team.id for team in teams_in_force(session)}
    if unknown:
        raise BadInput(f"The policy in force knows no team {', '.join(sorted(unknown))}. GET /api/v1/teams lists them.")
    expires_at = now + timedelta(days=days)
    made = _make(session, name=name.strip(), scopes=scopes, teams=teams, now=now, expires_at=expires_at)
    record(session, viewer, "key.create", made.key.prefix, **_described(made.key))
    return made


def rotate_key(session: Session, viewer: Viewer, prefix: str, *, now: datetime, days: int = DAYS) -> NewKey:
    """Makes a key with the name, scopes and teams of the one with `prefix`, which stops working now."""
    _require_admin(viewer)
    row = _working(session, prefix, now)
    old = as_key(row)
    row.expires_at = now
    expires_at = now + timedelta(days=days)
    made = _make(session, name=old.name, scopes=old.scopes, teams=old.teams, now=now, expires_at=expires_at)
    record(session, viewer, "key.rotate", prefix, new_prefix=made.key.prefix, **_described(made.key))
    return made


def revoke_key(session: Session, viewer: Viewer, prefix: str, *, now: datetime) -> Key:
    """Revokes the key with `prefix`, for good."""
    _require_admin(viewer)
    row = _working(session, prefix, now)
    row.revoked_at = now
    record(session, viewer, "key.revoke", prefix, name=row.name)
    return as_key(row)


def _require_admin(viewer: Viewer) -> None:
    viewer.require(Scope.ADMIN)
    if viewer.teams is not None:
        # Otherwise a key limited to a team could make itself one that is not.
        raise Refused("A key that is limited to teams cannot manage keys. Use one that sees everything.")


def _working(session: Session, prefix: str, now: datetime) -> ApiKey:
    row = key_row(session, prefix)
    if row is None:
        raise NotFound(f"There is no key with the prefix '{prefix}'. `trueup keys list` shows them.")
    if not as_key(row).works_at(now):
        raise Conflict(f"The key '{prefix}' has been revoked or has expired. Make a new one: `trueup keys create`.")
    return row


def _make(
    session: Session,
    *,
    name: str,
    scopes: Collection[Scope],
    teams: Collection[str] | None,
    now: datetime,
    expires_at: datetime,
) -> NewKey:
    text = KeyText(secrets.token_hex(4), secrets.token_urlsafe(_SECRET_BYTES))
    row = ApiKey(
        name=name,
        prefix=text.prefix,
        digest=text.digest,
        scopes=sorted(set(scopes)),
        teams=None if teams is None else sorted(set(teams)),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return NewKey(as_key(row), str(text))


def _described(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "scopes": list(key.scopes),
        "teams": None if key.teams is None else list(key.teams),
        "expires_at": key.expires_at.isoformat(),
    }
