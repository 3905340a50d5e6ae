"""Books to write figures into."""

import pytest
from sqlalchemy.orm import Session

from tests.app.books import Books


@pytest.fixture
def books(session: Session) -> Books:
    return Books(session)
