"""The chargeback as double entry."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.charge import Metric
from app.domain.invoice import InvoiceTotal, subunit
from app.domain.journal import DoesNotBalance, Journal, journals
from app.domain.ledger import Ledger, Payer, payers
from app.domain.money import EXACT
from app.domain.ownership import Team
from app.domain.period_facts import PeriodFacts
from app.domain.policy import CostCenter, JournalAccounts
from app.domain.prepayments import ChargeSum
from app.domain.statement import CostType, StatementLine
from tests.app.domain.period_figures import MARCH, a_charge, a_line, an_invoice, bought, covered, facts

FEBRUARY = date(2026, 2, 1)
ACCOUNTS = JournalAccounts()
LEDGER = Ledger(ACCOUNTS, {"search": Payer("Search", "6400", "CC-1")}, "S-2", {FEBRUARY: "S-1"})


def booked(found: PeriodFacts) -> list[tuple[str, str | None, str, str]]:
    """Account, cost center, description and amount (a credit is negative) of the entries of the only journal."""
    (journal,) = journals(MARCH, found, LEDGER)
    assert_balanced(journal)
    return [
        (each.account, each.cost_center, each.description, str(EXACT.subtract(each.debit, each.credit)))
        for each in journal.entries
    ]


def assert_balanced(journal: Journal) -> None:
    """By a sum of its own, in fractions."""
    debit = sum((Fraction(each.debit) for each in journal.entries), Fraction(0))
    credit = sum((Fraction(each.credit) for each in journal.entries), Fraction(0))
    assert debit == credit == Fraction(journal.total)
    for each in journal.entries:
        assert (each.debit > 0) != (each.credit > 0), each
        assert all((each.account, each.description, each.reference))
        assert each.currency == journal.currency
        assert (each.debit + each.credit) % subunit(journal.currency) == 0


def test_what_teams_owe_is_debited_and_what_is_invoiced_is_credited() -> None:
    lines = [a_line("99.996"), a_line("-4", None, CostType.CREDIT)]
    assert booked(facts(lines, [a_charge("99.996"), a_charge("-4")], an_invoice("96.00"))) == [
        ("6400", "CC-1", "Search: cloud cost of 2026-03", "100.00"),
        ("unallocated-cloud-cost", None, "Unallocated: cloud cost of 2026-03", "-4.00"),
        ("accounts-payable", None, "AWS, A", "-96.00"),
    ]


def test_a_commitment_is_an_asset_until_it_is_used() -> None:
    charges = [bought("1200"), covered("100")]
    assert booked(facts([a_line("100")], charges, an_invoice("1200"), before=[bought("50")])) == [
        ("6400", "CC-1", "Search: cloud cost of 2026-03", "100.00"),
        ("prepaid-expenses", None, "Prepayment bought: plan-1", "1200.00"),
        ("prepaid-expenses", None, "Prepayment amortised: plan-1", "-100.00"),
        ("accounts-payable", None, "AWS, A", "-1200.00"),
    ]


def test_the_asset_never_drifts_from_its_balance() -> None:
    # A third of a cent each month: rounded one by one, a year of it would vanish.
    used: list[ChargeSum] = []
    balance = Decimal(0)
    for _ in range(12):
        now = covered("0.003333333333")
        for journal in journals(MARCH, facts([a_line("0.003333333333")], [now], before=list(used)), LEDGER):
            assert_balanced(journal)
            balance += sum(e.debit - e.credit for e in journal.entries if e.account == "prepaid-expenses")
        used.append(now)
    assert balance == Decimal("-0.04")


def test_rounding_goes_to_an_account_of_its_own() -> None:
    assert booked(facts([a_line("10.004")], [a_charge("10.004")], an_invoice("10.02")))[1:] == [
        ("accounts-payable", None, "AWS, A", "-10.02"),
        ("rounding-differences", None, "Invoice rounding difference: AWS, A", "0.02"),
    ]


def test_an_invoice_beyond_its_charges_belongs_to_nobody() -> None:
    charges = [a_charge("10"), a_charge("20", invoice_id="B")]
    lines = [a_line("10"), a_line("20", invoice_id="B")]
    assert booked(facts(lines, charges, an_invoice("15"), an_invoice("7", "C")))[1:] == [
        ("accounts-payable", None, "AWS, A", "-15.00"),
        ("unallocated-cloud-cost", None, "Invoice beyond its charges: AWS, A", "5.00"),
        ("accounts-payable", None, "AWS, B (accrued, not invoiced yet)", "-20.00"),
        ("accounts-payable", None, "AWS, C", "-7.00"),
        ("unallocated-cloud-cost", None, "Invoice without charges: AWS, C", "7.00"),
    ]


def test_markup_moves_between_cost_centers() -> None:
    lines = [a_line("10"), a_line("1", cost_type=CostType.MARKUP), a_line("-1", "platform", CostType.MARKUP)]
    assert booked(facts(lines, [a_charge("10")], an_invoice("10")))[1:3] == [
        ("cloud-expense", None, "platform: markup of 2026-03", "-1.00"),
        ("6400", "CC-1", "Search: markup of 2026-03", "1.00"),
    ]


def adjusting(amount: str, team: str = "search", **key: Any) -> StatementLine:
    named = {"adjusts_period": FEBRUARY, "adjusts_cost_type": CostType.DIRECT, **key}
    return a_line(amount, team, CostType.ADJUSTMENT, **named)


def test_a_restated_bill_of_a_closed_month_is_booked_with_a_reference_to_it() -> None:
    restated = [a_charge("3", invoice_id="F"), bought("24", invoice_id="F")]
    found = facts([a_line("10"), adjusting("3")], [a_charge("10")], an_invoice("10"), corrections={FEBRUARY: restated})
    assert booked(found) == [
        ("6400", "CC-1", "Search: cloud cost of 2026-03", "10.00"),
        ("6400", "CC-1", "Search: adjustment of 2026-02", "3.00"),
        ("prepaid-expenses", None, "Prepayment, adjustment of closed periods: plan-1", "24.00"),
        ("accounts-payable", None, "AWS, A", "-10.00"),
        ("accounts-payable", None, "AWS, F: adjustment of 2026-02", "-27.00"),
    ]
    (journal,) = journals(MARCH, found, LEDGER)
    assert {each.reference for each in journal.entries if "2026-02" in each.description} == {"S-2 adjusts S-1"}


def test_a_corrected_owner_of_a_closed_month_moves_cost_between_teams_only() -> None:
    lines = [a_line("10"), adjusting("3"), adjusting("-3", "speech")]
    entries = booked(facts(lines, [a_charge("10")], an_invoice("10"), corrections={FEBRUARY: []}))
    assert [(description, amount) for _, _, description, amount in entries[1:3]] == [
        ("Search: adjustment of 2026-02", "3.00"),
        ("speech: adjustment of 2026-02", "-3.00"),
    ]
    assert len(entries) == 4


def test_on_billed_cost_teams_pay_when_a_commitment_is_bought() -> None:
    charges = [bought("1200"), covered("100")]
    entries = booked(facts([a_line("1200")], charges, an_invoice("1200"), metric=Metric.BILLED))
    assert [account for account, *_ in entries] == ["6400", "accounts-payable"]


@pytest.mark.parametrize(
    ("lines", "charges", "told"),
    [
        ([a_line("10")], [a_charge("10.001")], "the statement's lines come to 10, and the charges it rests on 10.001"),
        ([a_line("10"), adjusting("3")], [a_charge("10")], "the adjustments of 2026-02 come to 3, and the charges"),
    ],
)
def test_what_is_not_the_sum_of_its_charges_is_not_booked(
    lines: list[StatementLine], charges: list[ChargeSum], told: str
) -> None:
    with pytest.raises(DoesNotBalance, match=told):
        journals(MARCH, facts(lines, charges), LEDGER)


def test_a_team_pays_on_its_own_account_else_its_cost_centers_else_for_expenses() -> None:
    teams = [
        Team("a", "A", cost_center="CC-1", gl_account="6500"),
        Team("b", "B", cost_center="CC-1"),
        Team("c", "C", cost_center="CC-2"),
        Team("d", "D"),
    ]
    centers = [CostCenter("CC-1", "One", "6400"), CostCenter("CC-2", "Two")]
    found = payers(teams, centers, ACCOUNTS)
    assert [found[team].account for team in "abcd"] == ["6500", "6400", "cloud-expense", "cloud-expense"]
    assert found["b"] == Payer("B", "6400", "CC-1")


amounts = st.decimals("-100000", "100000", allow_nan=False, allow_infinity=False, places=24) | st.decimals(
    "-1", "1", allow_nan=False, allow_infinity=False, places=3
)
currencies = st.sampled_from(["USD", "JPY", "KWD"])
teams = st.sampled_from(["search", "speech", None])


@st.composite
def months(draw: st.DrawFn) -> PeriodFacts:
    """A month of any charges, every one of them split between two owners; any invoices, prepayments, corrections."""
    charges, corrections, before = (draw(st.lists(charge(), max_size=6)) for _ in range(3))
    lines = [line for each in charges for line in split(draw, each, a_line)]
    lines += [line for each in corrections for line in split(draw, each, adjusting)]
    invoices = {each.identity: each for each in draw(st.lists(st.builds(invoice, amounts, currencies), max_size=4))}
    metric = draw(st.sampled_from([Metric.EFFECTIVE, Metric.EFFECTIVE, Metric.BILLED]))
    if metric is Metric.BILLED:
        lines = [line for each in charges for line in split(draw, each.drawn_on(metric), a_line)]
        lines += [line for each in corrections for line in split(draw, each, adjusting)]
    return facts(
        merged(lines), charges, *invoices.values(), metric=metric, before=before, corrections={FEBRUARY: corrections}
    )


@st.composite
def charge(draw: st.DrawFn) -> ChargeSum:
    return a_charge(
        str(draw(amounts)),
        str(draw(amounts)),
        billing_currency=draw(currencies),
        invoice_id=draw(st.sampled_from(["A", "B", None])),
        commitment_discount_id=draw(st.sampled_from(["plan-1", "plan-2", None])),
        charge_category=draw(st.sampled_from(["Usage", "Purchase", "Tax", "Credit"])),
    )


def invoice(amount: Decimal, currency: str) -> InvoiceTotal:
    return an_invoice(str(amount), currency=currency)


def split(draw: st.DrawFn, each: ChargeSum, make: Any) -> list[StatementLine]:
    part = draw(amounts)
    rest = EXACT.subtract(each.effective_cost, part)
    key = {"billing_currency": each.billing_currency, "invoice_id": each.invoice_id}
    return [make(str(amount), draw(teams), **key) for amount in (part, rest)]


def merged(lines: list[StatementLine]) -> list[StatementLine]:
    """One line for each key, as a statement has."""
    sums: defaultdict[Any, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.key] = EXACT.add(sums[line.key], line.exact_amount)
    return [StatementLine(key, None, None, amount, amount, 1, 0) for key, amount in sums.items()]


@given(months())
def test_debit_is_credit_whatever_is_booked(month: PeriodFacts) -> None:
    found = journals(MARCH, month, LEDGER)
    assert len({each.currency for each in found}) == len(found)
    for journal in found:
        assert_balanced(journal)
        mine = month.drawn().of(journal.currency)
        # Each invoice, commitment and entry leaves less than one minor unit.
        rounding = [e for e in journal.entries if e.description == "Rounding to the minor unit"]
        assert sum(e.debit + e.credit for e in rounding) <= subunit(journal.currency) * (len(journal.entries) + 8)
        charged = sum((Fraction(line.amount) for line in mine.lines), Fraction(0))
        debited = [e for e in journal.entries if e.description.split(": ")[0] in {"Search", "speech", "Unallocated"}]
        assert sum((Fraction(e.debit) - Fraction(e.credit) for e in debited), Fraction(0)) == charged
