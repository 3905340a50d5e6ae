"""HTML attributes that Dash takes by name only: what a screen reader says, and every digit of an amount."""

from decimal import Decimal
from typing import Any

from app.domain.money import plain


def labelled(text: str) -> dict[str, Any]:
    """The attribute that names a part of the page for those who do not see it."""
    return {"aria-label": text}


def unspoken() -> dict[str, Any]:
    """The attribute of an ornament, which a screen reader leaves out."""
    return {"aria-hidden": "true"}


def digits(amount: Decimal | None) -> dict[str, Any]:
    """The attribute that holds an amount exactly, for copying and for tests."""
    return {} if amount is None else {"data-exact": plain(amount)}
