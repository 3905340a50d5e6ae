"""Statement lines in whole minor units, so that the lines of an invoice still add up."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction
from itertools import groupby
from operator import attrgetter

from app.domain.invoice import subunit
from app.domain.largest_remainder import whole_units
from app.domain.money import EXACT
from app.domain.statement import LineKey, StatementLine

_ROUNDING = Context(prec=EXACT.prec, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation])
_PARTS_OF_KEY = attrgetter(*(field.name for field in fields(LineKey)))
_Order = tuple[tuple[bool, str], ...]


def rounded(lines: Iterable[StatementLine]) -> tuple[StatementLine, ...]:
    """`lines` with their amounts in whole minor units, in the order of a statement.

    The lines of an invoice (issuer, id and currency) add up to their exact sum, rounded half to even. Each is rounded
    down; what is left goes, one minor unit each, to the largest remainders, ties by key. So no line is a whole minor
    unit away from what is exact.
    Source of minor units: ISO 4217, by `invoice.subunit`.
    """
    ordered = sorted(lines, key=lambda line: (_invoice(line.key), line_order(line.key)))
    found = [each for _, group in groupby(ordered, lambda line: _invoice(line.key)) for each in _invoice_of(group)]
    return tuple(sorted(found, key=lambda line: line_order(line.key)))


def line_order(key: LineKey) -> _Order:
    """Where a line stands in its statement; what has no value comes last."""
    return tuple((value is None, "" if value is None else str(value)) for value in _PARTS_OF_KEY(key))


def in_minor_units(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded half to even to what `currency` is paid in."""
    return amount.quantize(subunit(currency), ROUND_HALF_EVEN, _ROUNDING)


def _invoice(key: LineKey) -> _Order:
    parts = (key.billing_currency, key.invoice_issuer_name, key.invoice_id)
    return tuple((value is None, "" if value is None else str(value)) for value in parts)


def _invoice_of(group: Iterable[StatementLine]) -> Iterator[StatementLine]:
    # The lines come by key, so ties go by key.
    lines = tuple(group)
    unit = subunit(lines[0].key.billing_currency)
    for line, amount in zip(lines, whole_units([Fraction(line.exact_amount) for line in lines], unit), strict=True):
        yield replace(line, amount=amount)
