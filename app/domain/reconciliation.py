"""Whether each bill ties to its invoice: Σ billed cost of live charges against the total of the invoice.

Charges that carry the id of an invoice tie to that invoice, period by period. All others, and invoices that are known
by their account alone, tie by issuer, billing account, period and currency. Every charge and every invoice is in
exactly one line, so the lines add up to the bills and to the invoices.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.invoice import InvoiceStatus, InvoiceTotal, tolerance
from app.domain.money import EXACT, total


class Tie(StrEnum):
    """How a line of the reconciliation ends."""

    EXACT = "exact"  # to the last digit
    WITHIN_TOLERANCE = "within_tolerance"  # what is left is the invoice rounding difference
    OPEN = "open"  # beyond the tolerance, but the invoice may still change: FOCUS exempts it
    DOES_NOT_RECONCILE = "does_not_reconcile"
    NO_INVOICE = "no_invoice"
    NO_CHARGES = "no_charges"


@dataclass(frozen=True)
class BilledSum:
    """What the live charges of an invoice, account, period and currency come to; zero where no row has a value."""

    invoice_id: str | None
    invoice_issuer_name: str | None
    billing_account_id: str | None
    billing_period_start: date
    billing_currency: str
    billed_cost: Decimal
    tax: Decimal  # the part of `billed_cost` whose charge category is Tax
    rows: int  # of the bill
    rows_without_value: int


@dataclass(frozen=True)
class TiedLine:
    """An invoice, or the invoices of an account, beside the charges. `billed_cost` + `difference` = `invoiced`.

    `invoiced` is None where there is no invoice yet, `billed_cost` where no charge belongs to the invoice.
    """

    billing_period_start: date
    invoice_issuer_name: str | None  # as the bill spells it
    billing_account_ids: tuple[str, ...]
    invoice_ids: tuple[str, ...]
    billing_currency: str
    status: InvoiceStatus | None  # Open if any of the invoices is
    invoiced: Decimal | None
    billed_cost: Decimal | None
    tax: Decimal | None
    difference: Decimal | None
    tolerance: Decimal
    rows: int
    rows_without_value: int
    tie: Tie
    spelled: str | None  # the issuer as the invoice spells it, where the bill spells it otherwise
    candidates: tuple[str, ...] = ()  # what could be the missing side, in words
    advice: str = ""  # what it means, and what to do where there is something to do


_Side = InvoiceTotal | BilledSum
_Key = tuple[object, ...]


@dataclass
class _Group:
    invoices: list[InvoiceTotal] = field(default_factory=list)
    charges: list[BilledSum] = field(default_factory=list)

    def add(self, side: _Side) -> None:
        if isinstance(side, InvoiceTotal):
            self.invoices.append(side)
        else:
            self.charges.append(side)

    @property
    def sides(self) -> list[_Side]:
        return [*self.invoices, *self.charges]


def tied_lines(invoices: Iterable[InvoiceTotal], charges: Iterable[BilledSum]) -> tuple[TiedLine, ...]:
    """The reconciliation of `invoices` with `charges`, the newest period first. Voided invoices do not count."""
    sums = list(charges)
    issuers = _Issuers(sums)
    found: list[_Group] = []
    rest: list[_Side] = []
    counted = [each for each in invoices if each.status is not InvoiceStatus.VOIDED]
    for group in _groups([*counted, *sums], issuers.invoice_key):
        if group.invoices and group.charges and group.invoices[0].invoice_id is not None:
            found.append(group)
        else:
            rest += group.sides
    for group in _groups(rest, issuers.account_key):
        found += _of_account(group, issuers)
    return tuple(sorted((_line(group, issuers) for group in found), key=_order))


class _Issuers:
    """The issuers as the bills spell them.

    A name that no bill has stands for the one that differs from it in case, blanks and punctuation only, if there is
    exactly one.
    """

    def __init__(self, charges: Iterable[BilledSum]) -> None:
        self._names = {each.invoice_issuer_name for each in charges}
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._names:
            if name is not None:
                self._alike[folded(name)].append(name)

    def name(self, side: _Side) -> str | None:
        written = side.invoice_issuer_name
        if written is None or written in self._names:
            return written
        alike = self._alike.get(folded(written), [])
        return alike[0] if len(alike) == 1 else written

    def invoice_key(self, side: _Side) -> _Key:
        return (self.name(side), side.invoice_id, side.billing_period_start, side.billing_currency)

    def account_key(self, side: _Side) -> _Key:
        return (self.name(side), side.billing_account_id, side.billing_period_start, side.billing_currency)


def folded(name: str) -> str:
    """`name` without case, blanks and punctuation."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _groups(sides: Iterable[_Side], key: Callable[[_Side], _Key]) -> Iterable[_Group]:
    groups: defaultdict[_Key, _Group] = defaultdict(_Group)
    for side in sides:
        groups[key(side)].add(side)
    return groups.values()


def _of_account(group: _Group, issuers: _Issuers) -> Iterator[_Group]:
    """The lines of an account whose charges and invoices have not found each other by id.

    An id on one side only says nothing against the other; two ids that differ do.
    """
    bare_invoices = any(each.invoice_id is None for each in group.invoices)
    bare_charges = any(each.invoice_id is None for each in group.charges)
    pair = _Group(
        [each for each in group.invoices if each.invoice_id is None or bare_charges],
        [each for each in group.charges if each.invoice_id is None or bare_invoices],
    )
    if not (pair.invoices and pair.charges):
        pair = _Group()
    paired = {id(side) for side in pair.sides}
    if paired:
        yield pair
    yield from _groups((side for side in group.sides if id(side) not in paired), issuers.invoice_key)


def _line(group: _Group, issuers: _Issuers) -> TiedLine:
    first = group.sides[0]
    invoiced = total(each.amount for each in group.invoices) if group.invoices else None
    billed = total(each.billed_cost for each in group.charges) if group.charges else None
    difference = None if invoiced is None or billed is None else EXACT.subtract(invoiced, billed)
    rows = sum(each.rows for each in group.charges)
    allowed = tolerance(first.billing_currency, rows)
    statuses = {each.status for each in group.invoices}
    status = None if not statuses else InvoiceStatus.OPEN if InvoiceStatus.OPEN in statuses else InvoiceStatus.ISSUED
    issuer = issuers.name(first)
    return TiedLine(
        billing_period_start=first.billing_period_start,
        invoice_issuer_name=issuer,
        billing_account_ids=_distinct(each.billing_account_id for each in group.sides),
        invoice_ids=_distinct(each.invoice_id for each in group.sides),
        billing_currency=first.billing_currency,
        status=status,
        invoiced=invoiced,
        billed_cost=billed,
        tax=total(each.tax for each in group.charges) if group.charges else None,
        difference=difference,
        tolerance=allowed,
        rows=rows,
        rows_without_value=sum(each.rows_without_value for each in group.charges),
        tie=_tie(invoiced, difference, allowed, status),
        spelled=next((each.invoice_issuer_name for each in group.invoices if each.invoice_issuer_name != issuer), None),
    )


def _tie(invoiced: Decimal | None, difference: Decimal | None, allowed: Decimal, status: InvoiceStatus | None) -> Tie:
    if difference is None:
        return Tie.NO_INVOICE if invoiced is None else Tie.NO_CHARGES
    if not difference:
        return Tie.EXACT
    if abs(difference) <= allowed:
        return Tie.WITHIN_TOLERANCE
    return Tie.OPEN if status is InvoiceStatus.OPEN else Tie.DOES_NOT_RECONCILE


def _distinct(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({text for text in texts if text is not None}))


def _order(line: TiedLine) -> tuple[object, ...]:
    return (
        -line.billing_period_start.toordinal(),
        line.invoice_issuer_name or "",
        line.billing_account_ids,
        line.invoice_ids,
        line.billing_currency,
        line.tie,
    )
