"""An amount in parts that add up to it, to the last digit, whatever its scale and sign."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import floor

from app.domain.gpu.sharing import Share
from app.domain.money import EXACT

COST_DIGITS = 12  # at least; an amount that has more keeps its own
MINUTE_DIGITS = 6


def cut(amount: Decimal, weights: Sequence[Share], *, digits: int = COST_DIGITS) -> list[Decimal]:
    """`amount` in proportion to `weights`, which are not negative and not all zero.

    Each part is the difference of two cumulative shares, both rounded down: the last is the amount itself, so nothing
    is lost or made up, and no part is a whole unit of its last digit away from what is exact.
    """
    whole = sum(weights, start=0)
    assert whole > 0, "there is nothing to cut by"
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), "an amount is a number"
    scale = max(digits, -exponent)
    units = int(EXACT.scaleb(amount, scale))
    return _differences((units * so_far // whole for so_far in _cumulative(weights)), scale)


def rounded(quantities: Sequence[Share], *, digits: int = MINUTE_DIGITS) -> list[Decimal]:
    """Each quantity to so many digits; together their exact sum, rounded half to even."""
    units = (round(so_far * 10**digits) for so_far in _cumulative(quantities))
    return _differences(units, digits)


def _cumulative(values: Iterable[Share]) -> Iterable[Share]:
    so_far: Share = 0
    for value in values:
        so_far += value
        yield so_far


def _differences(units: Iterable[Share], scale: int) -> list[Decimal]:
    found, before = [], 0
    for each in units:
        whole = floor(each)
        found.append(EXACT.scaleb(Decimal(whole - before), -scale))
        before = whole
    return found
