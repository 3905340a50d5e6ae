"""Reads about sources."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables import Source


def runnable_sources(session: Session) -> list[str]:
    """The names of the sources that have a folder of their own to read."""
    names = select(Source.name).where(Source.config.has_key("path")).order_by(Source.name)
    return list(session.scalars(names))
