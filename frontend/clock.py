"""The day and the moment it is, where the dashboard needs to know."""

from datetime import UTC, date, datetime


def today() -> date:
    """The current UTC day."""
    return datetime.now(UTC).date()


def now() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)
