"""What is paid for commitments before it is used."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.charge import Metric
from app.domain.money import total
from app.domain.prepayments import ChargeSum, Movement, prepayments
from tests.app.domain.period_figures import a_charge, bought, covered

amounts = st.decimals("-1000", "1000", allow_nan=False, allow_infinity=False, places=18).map(str)
commitments = st.sampled_from(["plan-1", "plan-2"])
movements = st.lists(st.builds(bought, amounts, commitments) | st.builds(covered, amounts, commitments), max_size=5)


def test_a_purchase_is_bought_and_what_it_covers_is_amortised() -> None:
    assert bought("12").movement is Movement.BOUGHT
    assert covered("1").movement is Movement.AMORTISED
    assert a_charge("0", "1", commitment_discount_id="plan-1", charge_category="Credit").movement is Movement.OTHER
    assert a_charge("5", "0", charge_category="Purchase").movement is Movement.OTHER


def test_a_year_paid_up_front_is_used_up_month_by_month() -> None:
    (paid,) = prepayments([bought("12"), covered("1"), covered("1")], [covered("0.75"), covered("0.25")])
    assert [paid.opening, paid.bought, paid.amortised, paid.closing] == list(map(Decimal, (10, 0, 1, 9)))
    assert not paid.bought_before_records


def test_what_was_bought_before_the_first_bill_is_below_zero() -> None:
    (paid,) = prepayments([], [covered("3", commitment_discount_name="Plan One")])
    assert (paid.opening, paid.closing) == (Decimal(0), Decimal(-3))
    assert paid.bought_before_records
    assert paid.commitment_discount_name == "Plan One"


def test_one_that_is_used_up_and_does_not_move_is_left_out() -> None:
    assert prepayments([bought("2"), covered("2")], [a_charge("7")]) == ()


def test_commitments_of_two_currencies_are_never_added() -> None:
    found = prepayments([], [bought("1"), bought("2", billing_currency="EUR")])
    assert [(each.billing_currency, each.closing) for each in found] == [("EUR", Decimal(2)), ("USD", Decimal(1))]


def test_on_billed_cost_nothing_is_prepaid() -> None:
    assert prepayments([], [each.drawn_on(Metric.BILLED) for each in (bought("12"), covered("1"))]) == ()


@given(before=movements, now=movements, corrections=movements)
def test_a_balance_is_all_that_was_bought_less_all_that_was_amortised(
    before: list[ChargeSum], now: list[ChargeSum], corrections: list[ChargeSum]
) -> None:
    found = prepayments(before, now, corrections)
    for each in found:
        moved = [each.opening, each.bought, each.amortised.copy_negate(), each.adjusted]
        assert total(moved) == each.closing
    everything = [*before, *now, *corrections]
    assert total(each.closing for each in found) == total(
        part for each in everything for part in (each.billed_cost, each.effective_cost.copy_negate())
    )


@given(sums=movements)
def test_what_is_taken_back_was_never_there(sums: list[ChargeSum]) -> None:
    assert all(not each.closing for each in prepayments(sums, [each.reversed() for each in sums]))


def test_amounts_are_never_rounded() -> None:
    tiny = "123456789012345.000000000000000000000001"
    (paid,) = prepayments([bought(tiny).reversed()], [])
    assert paid.closing == Decimal(f"-{tiny}")
