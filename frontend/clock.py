"""The day it is, where the dashboard needs to know."""

from datetime import UTC, date, datetime


def today() -> date:
    """The current UTC day."""
    return datetime.now(UTC).date()
