"""Amounts as a person reads them: to the cent on a card, to the last digit in a total."""

from decimal import ROUND_HALF_UP, Context, Decimal

from app.domain.money import plain

CENT = Decimal("0.01")
NONE = "–"
_READING = Context(prec=120, rounding=ROUND_HALF_UP)


def exact(amount: Decimal | None) -> str:
    """Every digit of `amount`, thousands set apart."""
    return NONE if amount is None else f"{Decimal(plain(amount)):,f}"


def readable(amount: Decimal | None) -> str:
    """`amount` to the cent; one too small for that says so, since it is not zero."""
    if amount is None:
        return NONE
    if 0 < abs(amount) < CENT / 2:
        return "< 0.01" if amount > 0 else "> -0.01"
    return f"{amount.quantize(CENT, context=_READING):,f}"


def change_words(change: Decimal, percentage: Decimal | None) -> str:
    """`▲ 1,200.00 (3.1%)`: a direction as a sign and a shape, so that colour never speaks alone."""
    if not change:
        return "no change"
    arrow = "▲" if change > 0 else "▼"
    share = "" if percentage is None else f" ({abs(percentage):,f}%)"
    return f"{arrow} {readable(abs(change))}{share}"
