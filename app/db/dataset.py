"""Counting changes of the figures, and of what counts for a period."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def count_change(session: Session) -> None:
    """Makes what readers have kept out of date: ETags and cursors carry the count."""
    session.execute(text("UPDATE dataset_version SET version = version + 1, changed_at = now()"))
