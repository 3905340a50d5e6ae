"""An hour as sixty bits: bit 0 is its first minute. Sets of minutes are united and cut as integers are.

Every hourly fact keeps its minutes so (docs/decisions/0014), and sixty bits fit PostgreSQL's BIGINT.
"""

from collections.abc import Iterable

MINUTES = 60
WHOLE_HOUR = (1 << MINUTES) - 1


def mask(minutes: Iterable[int]) -> int:
    """The set of these minutes of an hour, 0 to 59."""
    found = 0
    for minute in minutes:
        found |= 1 << minute
    return found


def span(start: int, end: int) -> int:
    """The minutes from `start` up to, not including, `end`, cut to the hour."""
    first, last = max(start, 0), min(end, MINUTES)
    return ((1 << (last - first)) - 1) << first if last > first else 0


def count(minutes: int) -> int:
    """How many minutes are in a set."""
    return minutes.bit_count()


def without(minutes: int, others: int) -> int:
    """The minutes that are not among `others`."""
    return minutes & ~others & WHOLE_HOUR
