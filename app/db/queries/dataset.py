"""Which state the figures are in."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.rollups import DatasetVersion


def dataset_version(session: Session) -> int:
    """The count of changes that the figures have been through."""
    return session.scalars(select(DatasetVersion.version)).one()
