"""How far what is owed has come against a budget."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.budget import Budget, standing
from app.domain.money import EXACT
from app.errors import BadInput

MARCH = date(2026, 3, 1)
amounts = st.decimals(min_value="0", max_value="1e12", places=6)
owed_amounts = st.decimals(min_value="-1e12", max_value="1e12", places=12)


def budget(amount: str, *thresholds: str) -> Budget:
    return Budget("search", MARCH, "USD", Decimal(amount), tuple(map(Decimal, thresholds or ("50", "80", "100"))))


def reached(amount: str, owed: str) -> list[int]:
    return [int(each) for each in standing(budget(amount), Decimal(owed)).reached]


def test_a_threshold_is_reached_to_the_last_digit() -> None:
    assert reached("100", "49.999999999999999999") == []
    assert reached("100", "50") == [50]
    assert reached("100", "80.000000000000000001") == [50, 80]
    assert reached("100", "100") == [50, 80, 100]
    assert not standing(budget("100"), Decimal(100)).is_over
    assert standing(budget("100"), Decimal("100.000000000000000001")).is_over


def test_a_budget_of_nothing_is_reached_by_any_cost_and_by_no_credit() -> None:
    assert reached("0", "0") == reached("0", "-5") == []
    assert reached("0", "0.01") == [50, 80, 100]
    assert standing(budget("0"), Decimal(5)).percent is None


def test_the_pace_is_a_straight_line_in_whole_minor_units() -> None:
    pace = standing(budget("100"), Decimal(50), date(2026, 3, 10)).pace
    assert pace is not None
    assert (pace.days_so_far, pace.days, pace.at_period_end) == (10, 31, Decimal(155))
    assert pace.budget_to_date == Decimal("32.26")  # 100 × 10 ÷ 31
    last = standing(budget("100"), Decimal("50.004"), date(2026, 3, 31)).pace
    assert last is not None
    assert (last.at_period_end, last.budget_to_date) == (Decimal("50.00"), Decimal(100))
    yen = standing(Budget("search", MARCH, "JPY", Decimal(100)), Decimal(1), date(2026, 3, 2)).pace
    assert yen is not None
    assert yen.at_period_end == Decimal(16)  # 15.5, half to even


def test_there_is_no_pace_outside_the_month() -> None:
    for day in (None, date(2026, 2, 28), date(2026, 4, 1)):
        assert standing(budget("100"), Decimal(50), day).pace is None


@given(amount=amounts, owed=owed_amounts)
def test_what_is_owed_and_what_is_left_are_the_budget(amount: Decimal, owed: Decimal) -> None:
    found = standing(Budget("search", MARCH, "USD", amount), owed)
    assert EXACT.add(found.owed, found.remaining) == amount
    assert found.is_over == (owed > amount)
    if found.is_over and owed > 0:
        assert Decimal(100) in found.reached


@given(amount=amounts, owed=owed_amounts, more=amounts)
def test_who_owes_more_reaches_no_fewer_thresholds(amount: Decimal, owed: Decimal, more: Decimal) -> None:
    one = Budget("search", MARCH, "USD", amount)
    assert set(standing(one, owed).reached) <= set(standing(one, EXACT.add(owed, more)).reached)


@pytest.mark.parametrize(
    ("amount", "thresholds", "told"),
    [
        ("-1", ("50",), "amount -1 is below zero"),
        ("1", ("0",), "above 0, up to 1000"),
        ("1", ("1001",), "above 0, up to 1000"),
        ("1", ("80", "50"), "must rise"),
        ("1", ("50", "50"), "must rise"),
        ("1", tuple(map(str, range(1, 12))), "between 1 and 10"),
    ],
)
def test_what_is_no_budget_is_refused(amount: str, thresholds: tuple[str, ...], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        budget(amount, *thresholds)
