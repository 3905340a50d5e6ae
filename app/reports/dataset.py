"""The version of the figures: two answers under the same one rest on the same loads and the same policy."""

from sqlalchemy.orm import Session

from app.db.queries import dataset


def dataset_version(session: Session) -> int:
    """The version of the figures that `session` sees; it grows with every load and every policy."""
    return dataset.dataset_version(session)
