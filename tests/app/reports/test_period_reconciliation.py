"""The reconciliation and the journal of months that are restated, re-organised and closed, from real bills."""

import random
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.actions.invoices import import_invoices
from app.db.session import read_session, write_session
from app.domain.invoice import subunit
from app.domain.money import total
from app.domain.period import Period
from app.domain.period_equations import Item
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed, NotFound
from app.reports.journal import JournalReport, journal
from app.reports.period_reconciliation import PeriodReconciliation, period_reconciliation
from tests.app.chargeback.months import APRIL, MARCH, MAY, POLICY, Months, usage
from tests.ingest.bills import Row
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
LEDGER = """
cost_centers: [{id: CC-1, name: Products, gl_account: "6400"}]
accounts: {payable: "2000", prepaid: "1400"}
"""
TEAMS = 'teams: [{id: search, cost_center: CC-1, gl_account: "6500"}, {id: speech, cost_center: CC-1}]'


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY.replace("teams: [{id: search}, {id: speech}]", TEAMS) + LEDGER)
    return Months(trueup, tmp_path)


def reconciliation_of(months: Months, period: Period) -> PeriodReconciliation:
    with read_session(months.trueup.engine) as session:
        return period_reconciliation(session, operator(), period)


def journal_of(months: Months, period: Period) -> JournalReport:
    with read_session(months.trueup.engine) as session:
        return journal(session, operator(), period)


def invoiced(months: Months, number: str, amount: str, period: Period) -> None:
    head = "InvoiceId,InvoiceIssuerName,BillingAccountId,BillingPeriodStart,BillingCurrency,Amount"
    with write_session(months.trueup.engine) as session:
        import_invoices(session, operator(), f"{head}\n{number},AWS,1000,{period.label},USD,{amount}\n", "totals.csv")


def bought(cost: str, *, day: str, commitment: str = "plan-1", **cells: Any) -> Row:
    named = {"ChargeCategory": "Purchase", "CommitmentDiscountId": commitment, "EffectiveCost": "0", **cells}
    return usage(None, cost, day=day, **named)


def covered(account: str, cost: str, *, day: str, commitment: str = "plan-1", **cells: Any) -> Row:
    named = {"CommitmentDiscountId": commitment, "CommitmentDiscountStatus": "Used", "PricingCategory": "Committed"}
    return usage(account, cost, day=day, **{**named, "BilledCost": "0", **cells})


def march(months: Months, search: str = "10.004", plan: str = "24") -> None:
    day = "2026-03-02"
    months.bill(usage("search", search, day=day), bought(plan, day=day), covered("speech", "2", day=day))


def entries(report: JournalReport) -> list[tuple[str, str, str]]:
    (only,) = report.journals
    return [(each.account, each.description, str(each.debit - each.credit)) for each in only.entries]


def test_a_month_ties_from_what_teams_owe_to_what_is_invoiced(months: Months) -> None:
    march(months)
    invoiced(months, "A", "34.00", MARCH)
    report = reconciliation_of(months, MARCH)
    (usd,) = report.currencies
    assert report.statement.state is StatementState.DRAFT
    assert [(line.item, str(line.amount)) for each in usd.equations for line in (*each.lines, each.result)] == [
        (Item.TEAMS, "12.00"),
        (Item.UNALLOCATED, "0.00"),
        (Item.STATEMENT_ROUNDING, "0.004"),
        (Item.EFFECTIVE_COST, "12.004"),
        (Item.EFFECTIVE_COST, "12.004"),
        (Item.BOUGHT, "24"),
        (Item.AMORTISED, "-2"),
        (Item.BILLED_COST, "34.004"),
        (Item.BILLED_COST, "34.004"),
        (Item.INVOICE_ROUNDING, "-0.004"),
        (Item.INVOICED, "34.00"),
    ]
    assert usd.off == 0
    assert [str(each.closing) for each in usd.prepayments] == ["22"]


def test_its_journal_names_accounts_and_cost_centers_as_the_policy_does(months: Months) -> None:
    march(months)
    invoiced(months, "A", "34.00", MARCH)
    report = journal_of(months, MARCH)
    assert str(report.date) == "2026-03-31"
    assert entries(report) == [
        ("6500", "search: cloud cost of 2026-03", "10.00"),
        ("6400", "speech: cloud cost of 2026-03", "2.00"),
        ("1400", "Prepayment bought: plan-1", "24.00"),
        ("1400", "Prepayment amortised: plan-1", "-2.00"),
        ("2000", "AWS, A", "-34.00"),
    ]
    assert {each.cost_center for each in report.journals[0].entries[:2]} == {"CC-1"}


def test_a_closed_month_stays_as_it_was_and_the_next_one_books_what_moved(months: Months) -> None:
    march(months)
    invoiced(months, "A", "34.00", MARCH)
    months.issue(MARCH)
    months.close(MARCH, "the source is stale here")
    figures, booked = reconciliation_of(months, MARCH), journal_of(months, MARCH)
    march(months, search="11.004", plan="36")
    invoiced(months, "A", "47.00", MARCH)
    assert reconciliation_of(months, MARCH) == figures
    assert journal_of(months, MARCH) == booked
    (usd,) = reconciliation_of(months, APRIL).currencies
    assert [(each.billing_period_start, str(each.amount)) for each in usd.adjustments] == [(MARCH.start, "1.00")]
    (paid,) = usd.prepayments
    assert [str(each) for each in (paid.opening, paid.bought, paid.amortised, paid.adjusted, paid.closing)] == [
        "22", "0", "0", "12", "34",
    ]  # fmt: skip
    assert usd.off == 0
    assert entries(journal_of(months, APRIL)) == [
        ("6500", "search: adjustment of 2026-03", "1.00"),
        ("1400", "Prepayment, adjustment of closed periods: plan-1", "12.00"),
        ("2000", "AWS, no invoice id: adjustment of 2026-03", "-13.00"),
    ]
    reference = journal_of(months, APRIL).journals[0].entries[0].reference
    april = months.statement(APRIL)[0].id
    assert reference == f"S-2026-04-{april} adjusts S-2026-03-{figures.statement.id}"


def test_only_who_sees_every_team_and_only_a_month_with_bills(months: Months) -> None:
    march(months)
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
    reports: list[Callable[..., object]] = [period_reconciliation, journal]
    with read_session(months.trueup.engine) as session:
        for report in reports:
            with pytest.raises(NotAllowed):
                report(session, limited, MARCH)
            with pytest.raises(NotFound, match="2026-05 has no statement"):
                report(session, operator(), MAY)


def a_bill(chance: random.Random, period: Period) -> list[Row]:
    """Usage, purchases and covered usage, some of it odd, in two currencies."""
    rows = [_a_row(chance, period) for _ in range(chance.randint(1, 6))]
    return [*rows, usage("search", "0.001", day=f"{period.label}-01")]


def _a_row(chance: random.Random, period: Period) -> Row:
    day, cost = f"{period.label}-0{chance.randint(1, 9)}", str(Decimal(chance.randint(-(10**6), 10**7)).scaleb(-4))
    plan = {"commitment": chance.choice(("plan-1", "plan-2")), "BillingCurrency": chance.choice(("USD", "JPY"))}
    match chance.choice(("usage", "bought", "covered", "odd")):
        case "usage":
            return usage(chance.choice(("search", "platform", None)), cost, day=day)
        case "bought":
            return bought(cost, day=day, **plan)
        case "covered":
            return covered(chance.choice(("search", "speech")), cost, day=day, **plan)
        case _:
            return usage("speech", cost, day=day, EffectiveCost="1", ChargeCategory="Purchase")


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 6))])
def test_whatever_happens_every_month_ties_and_the_books_hold_the_latest_bills(months: Months, seed: int) -> None:
    chance = random.Random(seed)
    periods, to_close = [MARCH, APRIL, MAY], [MARCH, APRIL]
    for period in periods:
        months.bill(*a_bill(chance, period))
    for _ in range(6):
        if to_close and chance.random() < 0.4:
            months.issue(to_close[0])
            months.close(to_close.pop(0), "nothing else speaks against it here")
        else:
            months.bill(*a_bill(chance, chance.choice(periods)))
    booked: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    counted: defaultdict[str, int] = defaultdict(int)
    balances: dict[tuple[str, str], Decimal] = {}
    for period in periods:
        for each in reconciliation_of(months, period).currencies:
            assert each.off == 0
            for paid in each.prepayments:
                key = (each.billing_currency, paid.commitment_discount_id)
                assert paid.opening == balances.get(key, 0)
                balances[key] = paid.closing
        for one in journal_of(months, period).journals:
            assert total(e.debit for e in one.entries) == total(e.credit for e in one.entries) == one.total
            counted[one.currency] += len(one.entries)
            for entry in one.entries:
                booked[one.currency, entry.account] += entry.debit - entry.credit
    for currency, billed in _billed(months).items():
        off = abs(booked[currency, "2000"] + billed)
        assert off <= counted[currency] * subunit(currency), "accounts payable hold what the live bills come to"


def _billed(months: Months) -> dict[str, Decimal]:
    query = text("SELECT billing_currency, sum(billed_cost) AS billed FROM monthly_cost GROUP BY 1")
    with read_session(months.trueup.engine) as session:
        return {row.billing_currency: row.billed for row in session.execute(query)}
