"""Reads about policies."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.policy import PolicyVersion


def newest_policy(session: Session) -> PolicyVersion | None:
    """The policy applied last, which is the one in force."""
    return session.scalars(select(PolicyVersion).order_by(PolicyVersion.id.desc()).limit(1)).first()
