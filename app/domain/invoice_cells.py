"""How a cell of a file of invoices is read, and what is said of one that cannot be."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from app.domain.invoice import InvoiceStatus

_LONGEST = 200  # characters of a name or an id: what an index of PostgreSQL holds
_MAX_DIGITS = 38  # as many as a bill's amounts have
_SHOWN = 40
_ABSENT = frozenset({"", "NULL", "null", "Null"})
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CODE = re.compile("[A-Z]{3}")
_TIME = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?(Z|UTC|\+00:?00))?"
_DAY = re.compile(rf"([0-9]{{4}}-[0-9]{{2}})(-[0-9]{{2}})?({_TIME})?")


class WrongCellError(Exception):
    """What is wrong with a cell, in words that go on from the name of its column."""


def text_of(cell: str | None) -> str | None:
    """A cell without blanks around it; None for every spelling of absence."""
    text = (cell or "").replace("\0", "").strip()
    return None if text in _ABSENT else text


def _name(text: str) -> str:
    if len(text) > _LONGEST:
        raise WrongCellError(f"has {len(text)} characters; {_LONGEST} are kept at most")
    return text


def _amount(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise WrongCellError(f"{_shown(text)} is not a number; write it with a point and nothing else, such as 1234.56")
    try:
        amount = Decimal(text)
    except InvalidOperation:  # its exponent is beyond all reason
        amount = Decimal("Infinity")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, str) or max(amount.adjusted() + 1, 1) + max(-exponent, 0) > _MAX_DIGITS:
        raise WrongCellError(f"{_shown(text)} has more digits than can be kept exactly ({_MAX_DIGITS})")
    return amount


def _month(text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        day = date.fromisoformat(found[1] + (found[2] or "-01")) if found else None
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year < 2200:
        raise WrongCellError(f"{_shown(text)} is not a month; write it as 2026-03 or 2026-03-01")
    return day.replace(day=1)


def _currency(text: str) -> str:
    code = text.upper()
    if not _CODE.fullmatch(code):
        raise WrongCellError(f"{_shown(text)} is not a currency; write its ISO 4217 code, such as USD")
    return code


def _status(text: str) -> InvoiceStatus:
    try:
        return InvoiceStatus(text.capitalize())
    except ValueError:
        raise WrongCellError(f"{_shown(text)} is unknown; choose from {', '.join(InvoiceStatus)}") from None


def _shown(text: str) -> str:
    return f"'{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}'"


_READERS: dict[str, Callable[[str], object]] = {
    "billing_period_start": _month,
    "billing_currency": _currency,
    "amount": _amount,
    "status": _status,
}


def value_of(name: str, text: str) -> object:
    """The value that `text` has in our column `name`. Raises WrongCellError when it has none."""
    return _READERS.get(name, _name)(text)
