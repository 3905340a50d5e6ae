"""Moments and durations as schedulers and people write them."""

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo

from ingest.telemetry.unreadable import UnreadableRowError

_NO_MOMENT = frozenset({"", "unknown", "none", "n/a", "null", "(null)"})
_CLOCK = re.compile(r"(?:(?P<days>\d+)-)?(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+(?:\.\d+)?)$")
_NUMBER = re.compile(r"\d+(?:\.\d+)?$")


def moment(text: str, name: str, timezone: tzinfo = UTC) -> datetime | None:
    """The moment in `text`: ISO 8601, or seconds since 1970; None where none is said (`Unknown`, `None`, empty).

    Without an offset it is local time of `timezone`. Raises UnreadableRowError with the `name` of the cell.
    """
    bare = text.strip()
    if bare.lower() in _NO_MOMENT:
        return None
    try:
        if _NUMBER.match(bare):
            return datetime.fromtimestamp(float(bare), UTC)
        found = datetime.fromisoformat(bare)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableRowError(f"{name} '{bare}' is no moment such as 2026-03-02T10:00:00") from error
    return (found if found.tzinfo else found.replace(tzinfo=timezone)).astimezone(UTC)


def duration(text: str, name: str) -> timedelta | None:
    """How long `text` says: seconds, or `[days-][hours:]minutes:seconds`; None where it is empty.

    Raises UnreadableRowError with the `name` of the cell.
    """
    bare = text.strip()
    if bare.lower() in _NO_MOMENT:
        return None
    if _NUMBER.match(bare) and math.isfinite(float(bare)):
        return timedelta(seconds=float(bare))
    found = _CLOCK.match(bare)
    if not found:
        raise UnreadableRowError(f"{name} '{bare}' is no duration such as 7200 or 1-02:03:04")
    days, hours, minutes, seconds = (float(found[part] or 0) for part in ("days", "hours", "minutes", "seconds"))
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
