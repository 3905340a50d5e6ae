"""The journal of a billing period: its chargeback as double entry, one journal for each currency.

    debit   the account of each team, and of the unallocated       what the statement charges
    debit   prepaid expenses, by commitment                        what was bought (what was amortised is a credit)
    credit  accounts payable, by invoice                           what is invoiced, or billed while no invoice is there
    either  rounding differences                                   what rounding to the minor unit and the invoice leave

Amounts are whole minor units of the currency. Before anything is rounded, both sides are compared to the last digit, so
that the account for rounding can hold rounding only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.journal_postings import Posting, postings
from app.domain.ledger import Ledger
from app.domain.money import EXACT, ZERO, plain, total
from app.domain.period_facts import PeriodFacts
from app.domain.prepayments import ChargeSum
from app.domain.rounding import in_minor_units
from app.domain.statement import StatementLine
from app.errors import Refused


class DoesNotBalance(Refused):
    """A statement and the charges or invoices that it rests on differ, so no journal is written."""

    def __init__(self, currency: str, what: str, statement: Decimal, charges: Decimal) -> None:
        super().__init__(
            f"The journal in {currency} would not balance: {what} {plain(statement)}, and the charges it rests on"
            f" {plain(charges)}. See the reconciliation of the billing period; a draft is drawn anew when a policy is"
            " applied or a bill is taken in."
        )
        self.currency, self.statement, self.charges = currency, statement, charges


@dataclass(frozen=True)
class JournalEntry:
    """A line of a journal: a debit or a credit, never both."""

    account: str
    cost_center: str | None
    description: str
    reference: str  # of a statement, an invoice or a commitment
    debit: Decimal
    credit: Decimal
    currency: str


@dataclass(frozen=True)
class Journal:
    """The entries of a billing period in one currency; what they debit is what they credit: `total`."""

    number: str
    currency: str
    total: Decimal
    entries: tuple[JournalEntry, ...]


def journals(period: date, facts: PeriodFacts, ledger: Ledger) -> tuple[Journal, ...]:
    """The journals of the billing period that starts on `period`, by currency; none in which nothing moves.

    Raises DoesNotBalance when the statement is not the sum of its charges.
    """
    drawn = facts.drawn()
    found = (_journal(period, currency, drawn.of(currency), ledger) for currency in drawn.currencies)
    return tuple(each for each in found if each.entries)


def _journal(period: date, currency: str, facts: PeriodFacts, ledger: Ledger) -> Journal:
    _compare(currency, facts)
    booked = [each for each in postings(period, currency, facts, ledger) if each.amount]
    left = total(each.amount for each in booked)
    if left:
        words = "Rounding to the minor unit"
        booked.append(Posting(ledger.accounts.rounding, words, ledger.statement, EXACT.minus(left)))
    entries = tuple(_entry(each, currency) for each in booked)
    debit, credit = total(each.debit for each in entries), total(each.credit for each in entries)
    assert debit == credit, f"the journal of {period} in {currency} debits {debit} and credits {credit}"
    assert all(in_minor_units(each.amount, currency) == each.amount for each in booked), (
        "an amount is no whole minor unit"
    )
    return Journal(f"{period:%Y-%m}-{currency}", currency, debit, entries)


def _entry(posting: Posting, currency: str) -> JournalEntry:
    return JournalEntry(
        account=posting.account,
        cost_center=posting.cost_center,
        description=posting.description,
        reference=posting.reference,
        debit=max(posting.amount, ZERO),
        credit=max(EXACT.minus(posting.amount), ZERO),
        currency=currency,
    )


def _compare(currency: str, facts: PeriodFacts) -> None:
    """Raises DoesNotBalance unless statement, charges and the reconciliation of invoices are the same to the digit."""
    for what, statement, charges in _sides(facts):
        if statement != charges:
            raise DoesNotBalance(currency, what, statement, charges)


def _sides(facts: PeriodFacts) -> Iterator[tuple[str, Decimal, Decimal]]:
    own = [line for line in facts.lines if line.key.adjusts_period is None]
    yield "the statement's lines come to", _exact(own), _cost(facts.charges)
    for period in sorted({*_adjusted(facts.lines), *facts.corrections}):
        adjusting = [line for line in facts.lines if line.key.adjusts_period == period]
        words = f"the adjustments of {period:%Y-%m} come to"
        yield words, _exact(adjusting), _cost(facts.corrections.get(period, ()))
    billed = total(each.billed_cost or ZERO for each in facts.invoices)
    yield "the reconciliation of invoices has", billed, total(each.billed_cost for each in facts.charges)


def _cost(charges: Iterable[ChargeSum]) -> Decimal:
    """What statements are drawn on."""
    return total(each.effective_cost for each in charges)


def _exact(lines: Iterable[StatementLine]) -> Decimal:
    return total(line.exact_amount for line in lines)


def _adjusted(lines: Sequence[StatementLine]) -> set[date]:
    return {line.key.adjusts_period for line in lines if line.key.adjusts_period is not None}
