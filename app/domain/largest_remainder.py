"""Fractions in whole units that still add up."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from app.domain.money import EXACT


def whole_units(exact: Sequence[Fraction], unit: Decimal) -> tuple[Decimal, ...]:
    """Each of `exact` as a multiple of `unit`; together their exact sum, rounded half to even.

    Each is rounded down; the units left over go to the largest remainders, ties to those that come first. So none is a
    whole unit away from what is exact.
    """
    in_units = [value / Fraction(unit) for value in exact]
    parts = [floor(value) for value in in_units]
    left = round(sum(in_units)) - sum(parts)
    for index in sorted(range(len(parts)), key=lambda each: parts[each] - in_units[each])[:left]:
        parts[index] += 1
    return tuple(EXACT.multiply(Decimal(part), unit) for part in parts)
