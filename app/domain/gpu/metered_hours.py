"""Units of time on bills, in hours."""

import re
from fractions import Fraction
from functools import lru_cache

_HOURS = {
    "hour": Fraction(1),
    "hr": Fraction(1),
    "h": Fraction(1),
    "minute": Fraction(1, 60),
    "second": Fraction(1, 3600),
}
# 100 Hours, Hrs, GPU-Hours, instance hour, seconds.
_UNIT = re.compile(r"(?P<block>\d+)?\s*(?:[a-z][a-z0-9 ]*?[\s-])?(?P<time>hour|hr|h|minute|second)s?")
_BY_TIME = re.compile(r"hour|hrs?\b|minute|second|day|month|\bmo\b", re.IGNORECASE)


@lru_cache(maxsize=1024)
def hours_in(unit: str | None) -> Fraction | None:
    """How many hours one `unit` of a machine is; None for what is no unit of time."""
    found = _UNIT.fullmatch((unit or "").strip().casefold())
    return int(found["block"] or 1) * _HOURS[found["time"]] if found else None


def is_by_time(*units: str | None) -> bool:
    """Whether something is priced by how long it was had (GiB-hours, seconds), going by the first unit there is."""
    told = next((unit for unit in units if unit), None)
    return bool(told and _BY_TIME.search(told))
