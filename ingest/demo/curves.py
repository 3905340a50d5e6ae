"""How much of a thing the demo company runs on a day: the shapes its story is told with.

A curve gives a size (nodes, gigabytes, million tokens) for a day. Curves are exact, so two runs
agree to the last digit.
"""

from collections.abc import Callable
from decimal import Decimal

from ingest.demo.when import CLOSED_MONTHS, When

Curve = Callable[[When], Decimal]

_THOUSANDTH = Decimal("0.001")
RAMP_DAYS = 10


def steady(size: int | str) -> Curve:
    """The same size every day, weekends included."""
    value = Decimal(size)
    return lambda _: value


def on_workdays(size: int | str, *, weekend: int | str = 0) -> Curve:
    """One size from Monday to Friday and another at weekends."""
    workday, rest = Decimal(size), Decimal(weekend)
    return lambda when: rest if when.is_weekend else workday


def during(peak: int | str, *, first: int, last: int, otherwise: int | str = 0) -> Curve:
    """`peak` from the month `first` months ago to the one `last` months ago, both included; else `otherwise`."""
    high, low = Decimal(peak), Decimal(otherwise)
    return lambda when: high if last <= when.months_ago <= first else low


def stepping(before: int | str, after: int | str, *, months_ago: int) -> Curve:
    """`before` until the month `months_ago`, in whose first ten days it moves evenly to `after`."""
    old, new = Decimal(before), Decimal(after)

    def size(when: When) -> Decimal:
        if when.months_ago > months_ago:
            return old
        steps = min(when.day.day, RAMP_DAYS) if when.months_ago == months_ago else RAMP_DAYS
        return old + (new - old) * steps / RAMP_DAYS

    return size


def growing(base: int | str, *, monthly: str, until: int = 0, after: str = "1") -> Curve:
    """`base` thirteen months ago, `monthly` more each month; `after` times its last size once `until` months ago comes.

    Within a month the size rises in a straight line, so the curve has no jump at the end of a month.
    """
    start, rate = Decimal(base), 1 + Decimal(monthly)

    def size(when: When) -> Decimal:
        if until and when.months_ago <= until:
            return (start * rate ** (CLOSED_MONTHS - until) * Decimal(after)).quantize(_THOUSANDTH)
        month_start = start * rate ** (CLOSED_MONTHS - when.months_ago)
        rise = month_start * (rate - 1) * (when.day.day - 1) / when.days_in_month
        return (month_start + rise).quantize(_THOUSANDTH)

    return size


def per_month(amount: Curve) -> Curve:
    """A day's share of a quantity that is priced by the month, such as gigabyte-months, to six digits."""
    return lambda when: (amount(when) / when.days_in_month).quantize(Decimal("0.000001"))


def times(curve: Curve, factor: str) -> Curve:
    """`factor` times another curve."""
    value = Decimal(factor)
    return lambda when: curve(when) * value
