"""Exact amounts: how they are written and how they are read.

Amounts are `Decimal`, never float. Nothing here rounds: a currency's minor unit matters only on a printed statement.
"""

from collections.abc import Iterable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction

# Bills carry up to 24 fractional digits, a share adds 12 and a long total 12 more before the point. An operation
# that would need more digits than this raises instead of rounding.
EXACT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation, Overflow])

ZERO = Decimal(0)


def plain(amount: Decimal) -> str:
    """`amount` as people and machines read it: no exponent, no trailing zeros, `0` for any zero."""
    if not amount:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of `amounts`."""
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` as a percentage of `whole`, to one decimal, for display; None where it means nothing."""
    if not whole:
        return None
    share = Fraction(part) * 1000 / Fraction(whole)
    return EXACT.scaleb(Decimal(round(share)), -1)
