"""The three sums from what teams owe to what is invoiced."""

from decimal import Decimal
from typing import Any

from app.domain.charge import Metric
from app.domain.money import total
from app.domain.period_equations import Item, Step
from app.domain.period_facts import PeriodFacts
from app.domain.period_reconciliation import CurrencyReconciliation, reconciled
from app.domain.statement import CostType
from tests.app.domain.period_figures import MARCH, a_charge, a_line, an_invoice, bought, covered, facts

CHARGES = [
    a_charge("100.004"),
    bought("1200"),
    covered("99.5", invoice_id=None),
    a_charge("-5", charge_category="Credit"),
]
LINES = [
    a_line("100.004"),
    a_line("99.5", "speech", invoice_id=None),
    a_line("-5", None, CostType.CREDIT),
    a_line("1.2", "speech", CostType.MARKUP),
    a_line("-1.2", "platform", CostType.MARKUP),
]


def only(found: PeriodFacts) -> CurrencyReconciliation:
    (currency,) = reconciled(found)
    for equation in currency.equations:
        assert total([*(line.amount for line in equation.lines), equation.off]) == equation.result.amount
    return currency


def lines_of(found: CurrencyReconciliation, step: Step) -> dict[Item, Any]:
    (equation,) = (each for each in found.equations if each.step is step)
    return {**{line.item: line.amount for line in equation.lines}, equation.result.item: equation.result.amount}


def test_each_sum_is_a_list_of_named_lines_and_nothing_is_off() -> None:
    found = only(facts(LINES, CHARGES, an_invoice("1295.01")))
    assert lines_of(found, Step.STATEMENTS) == {
        Item.TEAMS: Decimal("199.50"),
        Item.UNALLOCATED: Decimal("-5.00"),
        Item.MARKUP: 0,
        Item.STATEMENT_ROUNDING: Decimal("0.004"),
        Item.EFFECTIVE_COST: Decimal("194.504"),
    }
    assert lines_of(found, Step.PREPAYMENTS) == {
        Item.EFFECTIVE_COST: Decimal("194.504"),
        Item.BOUGHT: 1200,
        Item.AMORTISED: Decimal("-99.5"),
        Item.BILLED_COST: Decimal("1295.004"),
    }
    invoices = lines_of(found, Step.INVOICES)
    assert invoices[Item.INVOICE_ROUNDING] == Decimal("0.006")
    assert invoices[Item.INVOICED] == Decimal("1295.01")
    assert found.off == 0
    assert [each.closing for each in found.prepayments] == [Decimal("1100.5")]


def test_a_statement_that_is_not_its_charges_is_off_by_the_difference() -> None:
    found = only(facts([a_line("10")], [a_charge("12.5")], an_invoice("12.5")))
    assert [each.off for each in found.equations] == [Decimal("2.5"), 0, 0]
    assert found.off == Decimal("2.5")


def test_a_charge_that_the_reconciliation_of_invoices_lacks_is_seen() -> None:
    whole = facts([a_line("12")], [a_charge("12")], an_invoice("12"))
    found = only(PeriodFacts(whole.metric, whole.lines, [a_charge("13", "12")], whole.invoices))
    assert [each.off for each in found.equations] == [0, -1, 0]


def test_cost_billed_in_another_month_without_a_commitment_is_named() -> None:
    machine = a_charge("30000", "0", service_name="Own machines", charge_category="Purchase")
    wear = a_charge("0", "1000", service_name="Own machines")
    found = only(facts([a_line("1000")], [machine, wear], an_invoice("30000")))
    assert [(line.name, line.amount) for line in found.to_look_at] == [
        ("Billed otherwise than used: Own machines, Purchase", Decimal(30000)),
        ("Billed otherwise than used: Own machines, Usage", Decimal(-1000)),
    ]
    assert found.off == 0


def test_invoices_that_do_not_tie_are_named_with_what_to_do() -> None:
    charges = [a_charge("10"), a_charge("20", invoice_id="B")]
    lines = [a_line("10"), a_line("20", invoice_id="B")]
    found = only(facts(lines, charges, an_invoice("15"), an_invoice("7", "C")))
    assert [(line.item, line.amount) for line in found.to_look_at] == [
        (Item.NOT_INVOICED, Decimal(-20)),
        (Item.INVOICE_DIFFERENCE, Decimal(5)),
        (Item.WITHOUT_CHARGES, Decimal(7)),
    ]
    assert lines_of(found, Step.INVOICES)[Item.INVOICED] == 22


def test_adjustments_are_no_part_of_the_months_own_cost() -> None:
    correcting = a_line("-3", cost_type=CostType.ADJUSTMENT, adjusts_period=MARCH, adjusts_cost_type=CostType.DIRECT)
    found = only(facts([a_line("10"), correcting], [a_charge("10")], an_invoice("10")))
    assert [(each.billing_period_start, each.amount) for each in found.adjustments] == [(MARCH, Decimal(-3))]
    assert (found.off, found.adjusted) == (Decimal(0), Decimal(-3))


def test_on_billed_cost_the_statements_add_up_to_what_is_billed() -> None:
    charges = [bought("1200"), covered("100")]
    found = only(facts([a_line("1200")], charges, an_invoice("1200"), metric=Metric.BILLED))
    assert lines_of(found, Step.STATEMENTS)[Item.BILLED_COST] == 1200
    assert [each.information for each in found.equations] == [False, True, False]
    assert not found.off
    assert not found.prepayments
