"""What a journal books, before it is turned into debits and credits."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.ledger import Ledger
from app.domain.money import EXACT, total
from app.domain.period_equations import beyond_the_bill, invoice_words, other_differences
from app.domain.period_facts import PeriodFacts
from app.domain.prepayments import ChargeSum, Prepayment
from app.domain.reconciliation import Tie, TiedLine
from app.domain.rounding import in_minor_units
from app.domain.statement import CostType, StatementLine


@dataclass(frozen=True)
class Posting:
    """An amount on an account: a debit, or a credit when it is negative."""

    account: str
    description: str
    reference: str
    amount: Decimal
    cost_center: str | None = None


def postings(period: date, currency: str, facts: PeriodFacts, ledger: Ledger) -> Iterator[Posting]:
    """What the facts of one currency, as drawn, book: each in whole minor units, zeros among them."""
    yield from _owed(period, facts.lines, ledger)
    for each in facts.prepayments:
        yield from _prepaid(each, ledger)
    yield from _deferred(f"{period:%Y-%m}", facts.charges, ledger, ledger.statement)
    for corrected, sums in sorted(facts.corrections.items()):
        yield from _deferred(f"adjustment of {corrected:%Y-%m}", sums, ledger, _closed(corrected, ledger))
    for line in facts.invoices:
        yield from _payable(line, ledger)
    for corrected, sums in sorted(facts.corrections.items()):
        yield from _payable_correction(corrected, sums, currency, ledger)


_WORDS = {CostType.COMMITMENT_BENEFIT: "commitment benefit", CostType.MARKUP: "markup"}
_Part = tuple[str, str, date]  # of a team (none: ""), what it is, and the period it is for


def _owed(period: date, lines: Sequence[StatementLine], ledger: Ledger) -> Iterator[Posting]:
    """What each team is charged: its cost, then what moves between teams, then what corrects closed periods."""
    parts: defaultdict[_Part, list[Decimal]] = defaultdict(list)
    for line in lines:
        words = "adjustment" if line.key.adjusts_period else _WORDS.get(line.key.cost_type, "cloud cost")
        parts[line.key.team_id or "", words, line.key.adjusts_period or period].append(line.amount)
    for key in sorted(parts, key=lambda part: _order(period, *part)):
        (team_id, words, of_period), amount = key, total(parts[key])
        reference = ledger.statement if of_period == period else _closed(of_period, ledger)
        what = f"{words} of {of_period:%Y-%m}"
        if team_id:
            payer = ledger.payer(team_id)
            yield Posting(payer.account, f"{payer.name}: {what}", reference, amount, payer.cost_center)
        else:
            yield Posting(ledger.accounts.unallocated, f"Unallocated: {what}", reference, amount)


def _order(period: date, team_id: str, words: str, of_period: date) -> tuple[object, ...]:
    """The period's own cost before corrections, the unallocated after the teams."""
    return (of_period != period, of_period, not team_id, words, team_id)


def _closed(period: date, ledger: Ledger) -> str:
    """The reference of an adjustment: by which statement, of which."""
    return f"{ledger.statement} adjusts {ledger.closed.get(period, f'{period:%Y-%m}')}"


def _prepaid(each: Prepayment, ledger: Ledger) -> Iterator[Posting]:
    """The asset moves from its rounded balance before to its rounded balance after, so it never drifts from it.

    What was bought is rounded by itself, as it is invoiced; what rounding leaves goes with the amortisation.
    """
    used_up = EXACT.subtract(each.closing, each.adjusted)
    opening, before_corrections, closing = (
        in_minor_units(balance, each.billing_currency) for balance in (each.opening, used_up, each.closing)
    )
    bought = in_minor_units(each.bought, each.billing_currency)
    name = each.commitment_discount_name or each.commitment_discount_id
    for words, amount in (
        ("Prepayment bought", bought),
        ("Prepayment amortised", total([before_corrections, EXACT.minus(opening), EXACT.minus(bought)])),
        ("Prepayment, adjustment of closed periods", EXACT.subtract(closing, before_corrections)),
    ):
        yield Posting(ledger.accounts.prepaid, f"{words}: {name}", each.commitment_discount_id, amount)


def _deferred(of_what: str, charges: Sequence[ChargeSum], ledger: Ledger, reference: str) -> Iterator[Posting]:
    """Cost billed in another month than it is used in, of which the bill names no commitment."""
    currency = charges[0].billing_currency if charges else ""
    for (service, category), amount in other_differences(charges):
        words = f"Billed otherwise than used, {of_what}: {service}, {category}"
        yield Posting(ledger.accounts.prepaid, words, reference, in_minor_units(amount, currency))


def _payable(line: TiedLine, ledger: Ledger) -> Iterator[Posting]:
    """What is owed to an issuer, and what its invoice has more or less than its charges."""
    owed = line.billed_cost if line.invoiced is None else line.invoiced
    assert owed is not None, "a line of the reconciliation has an invoice or charges"
    words, currency = invoice_words(line), line.billing_currency
    reference = " ".join(line.invoice_ids or line.billing_account_ids) or words
    accrued = " (accrued, not invoiced yet)" if line.invoiced is None else ""
    amount = EXACT.minus(in_minor_units(owed, currency))
    yield Posting(ledger.accounts.payable, f"{words}{accrued}", reference, amount)
    if line.tie in _DIFFERENCES:
        name = _DIFFERENCES[line.tie]
        account = ledger.accounts.rounding if line.tie is Tie.WITHIN_TOLERANCE else ledger.accounts.unallocated
        yield Posting(account, f"{name}: {words}", reference, in_minor_units(beyond_the_bill(line), currency))


# What goes to no team: an invoice beyond its charges is cost that belongs to nobody.
_DIFFERENCES: Mapping[Tie, str] = {
    Tie.WITHIN_TOLERANCE: "Invoice rounding difference",
    Tie.OPEN: "Invoice still open, beyond its charges",
    Tie.DOES_NOT_RECONCILE: "Invoice beyond its charges",
    Tie.NO_CHARGES: "Invoice without charges",
}


def _payable_correction(period: date, charges: Sequence[ChargeSum], currency: str, ledger: Ledger) -> Iterator[Posting]:
    """What a restated bill of a closed period changes of the debt to each issuer."""
    billed: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for each in charges:
        key = (each.invoice_issuer_name or "no issuer", each.invoice_id or "no invoice id")
        billed[key].append(each.billed_cost)
    for (issuer, invoice), amounts in sorted(billed.items()):
        words = f"{issuer}, {invoice}: adjustment of {period:%Y-%m}"
        amount = EXACT.minus(in_minor_units(total(amounts), currency))
        yield Posting(ledger.accounts.payable, words, _closed(period, ledger), amount)
