"""The variance between a gateway's estimate and a vendor's bill, in lines that add up."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.gateway_variance import LINES, Match, ModelVariance, Usage, VarianceLines, model_variance
from app.domain.money import EXACT, total

DAY, NEXT = date(2026, 5, 1), date(2026, 5, 2)


def amounts(**told: Any) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in told.items()}


def variance(*usages: Usage) -> ModelVariance:
    return model_variance("gpt-4o", ("openai/gpt-4o",), Match.BOTH, usages)


def lines(*usages: Usage) -> dict[str, Decimal]:
    """The lines that are not zero."""
    found = variance(*usages).amounts.lines
    return {name: amount for name in LINES if (amount := getattr(found, name))}


# The vendor's prices: 2 dollars for a token of input, 1 from the cache, 8 of output.
COST = amounts(input=200, cached_input=100, output=80)
BILLED = amounts(input=100, cached_input=100, output=10)


def test_the_same_tokens_at_another_price_are_price() -> None:
    assert lines(Usage(DAY, Decimal(300), BILLED, COST, BILLED)) == {"price": 80}


def test_tokens_that_were_not_logged_are_quantity_at_their_own_price() -> None:
    # Half of the uncached input, a tenth of the cached and all of the output were logged, and estimated right.
    logged = amounts(input=50, cached_input=10, output=10)
    assert lines(Usage(DAY, Decimal(190), logged, COST, BILLED)) == {"quantity": 190}


def test_tokens_that_were_logged_and_not_billed_are_quantity_too() -> None:
    logged = amounts(input=100, cached_input=130, output=10)
    assert lines(Usage(DAY, Decimal(410), logged, COST, BILLED)) == {"quantity": -30}


def test_tokens_billed_in_another_class_are_cache_class() -> None:
    # The gateway took all 200 tokens of the prompt for uncached ones: 100 of them cost one dollar less.
    logged = amounts(input=200, output=10)
    assert lines(Usage(DAY, Decimal(480), logged, COST, BILLED)) == {"cache_class": -100}


def test_all_three_at_once() -> None:
    # Of 100 cached tokens 40 were logged as uncached (a dollar more) and 60 not at all; the output was estimated at 5.
    logged = amounts(input=140, output=10)
    found = lines(Usage(DAY, Decimal(330), logged, COST, BILLED))
    assert found == {"cache_class": -40, "quantity": 60, "price": 30}
    assert sum(found.values()) == 380 - 330


def test_what_the_gateway_never_saw_is_missing_logs() -> None:
    seen = Usage(DAY, Decimal(380), BILLED, COST, BILLED)
    assert lines(seen, Usage(NEXT, cost=amounts(input=7), billed=amounts(input=1))) == {"missing_logs": 7}
    assert lines(Usage(DAY, Decimal(380), BILLED, COST, BILLED, outside_cost=Decimal(5))) == {"missing_logs": 5}


def test_what_is_metered_in_no_tokens_stands_apart() -> None:
    assert lines(Usage(DAY, Decimal(380), BILLED, COST, BILLED, other_cost=Decimal(-3))) == {"other_charges": -3}
    assert lines(Usage(DAY, other_cost=Decimal(4))) == {"other_charges": 4}


def test_what_was_logged_and_not_billed_is_quantity() -> None:
    assert lines(Usage(DAY, Decimal(9), amounts(input=3))) == {"quantity": -9}
    assert lines(Usage(DAY, Decimal(9))) == {"quantity": -9}


def test_tokens_that_cost_nothing_are_price() -> None:
    assert lines(Usage(DAY, Decimal(9), amounts(input=3), None, amounts(input=3))) == {"price": -9}


def test_a_class_that_was_not_billed_on_the_day_has_the_price_of_the_month() -> None:
    # On the next day the gateway logs 10 cached tokens (price 1) and the vendor bills them uncached (price 2).
    later = Usage(NEXT, Decimal(10), amounts(cached_input=10), amounts(input=20), amounts(input=10))
    assert lines(Usage(DAY, Decimal(380), BILLED, COST, BILLED), later) == {"cache_class": 10}


def test_without_a_price_price_and_class_stay_unexplained_and_quantity_does_not() -> None:
    unpriced = Usage(DAY, Decimal(10), amounts(cached_input=5), amounts(input=20), amounts(input=10))
    assert lines(unpriced) == {"quantity": 10}  # 5 tokens at 2; what is left of 20 - 10 is 0
    assert lines(Usage(DAY, Decimal(4), amounts(cached_input=5), amounts(input=20), amounts(input=10))) == {
        "quantity": 10,
        "unexplained": 6,
    }


def test_a_bill_without_tokens_or_classes_is_unexplained() -> None:
    assert lines(Usage(DAY, Decimal(10), amounts(input=5), amounts(input=20))) == {"unexplained": 10}
    half = Usage(DAY, Decimal(10), amounts(input=10), amounts(input=20, cached_input=3), amounts(input=10))
    assert lines(half) == {"unexplained": 13}
    assert lines(Usage(DAY, Decimal(12), amounts(input=5), unclassed_cost=Decimal(20))) == {"unexplained": 8}


def test_a_third_of_a_dollar_is_not_lost() -> None:
    # 3 tokens for a dollar, of which the gateway logged one and estimated 0.30.
    found = lines(Usage(DAY, Decimal("0.3"), amounts(input=1), amounts(input=1), amounts(input=3)))
    assert found == {"quantity": Decimal("0.666666666667"), "price": Decimal("0.033333333333")}


def test_a_model_is_the_sum_of_its_days() -> None:
    later = Usage(NEXT, Decimal(1), amounts(input=3), amounts(input=2, output=5), amounts(input=1, output=1))
    found = variance(later, Usage(DAY, Decimal(300), BILLED, COST, BILLED))
    assert [day.day for day in found.days] == [DAY, NEXT]
    assert found.amounts.variance == total(day.amounts.variance for day in found.days)
    assert [found.amounts.logged_tokens, found.amounts.billed_tokens] == [213, 212]


costs = st.decimals("-100", "1000", places=15, allow_nan=False)
counts = st.integers(0, 10**12).map(Decimal)
classes = st.sampled_from(("input", "cached_input", "cache_write", "output"))
tokens = st.none() | st.dictionaries(classes, counts, min_size=1)
usages = st.builds(
    Usage,
    day=st.sampled_from((DAY, NEXT, None)),
    estimate=costs,
    logged=tokens,
    cost=st.none() | st.dictionaries(classes, costs, min_size=1),
    billed=tokens,
    unclassed_cost=st.just(Decimal(0)) | costs,
    other_cost=costs,
    outside_cost=costs,
)


@given(st.lists(usages, min_size=1, max_size=4, unique_by=lambda usage: usage.day))
def test_the_lines_add_up_whatever_either_side_says(drawn: list[Usage]) -> None:
    found = variance(*drawn)
    billed = total(usage.billed_cost for usage in drawn)
    estimate = total(usage.estimate for usage in drawn)
    assert (found.amounts.billed, found.amounts.estimate) == (billed, estimate)
    for each in (found.amounts, *(day.amounts for day in found.days)):
        assert each.lines.total == each.variance
        assert EXACT.add(each.estimate, each.variance) == each.billed
    assert VarianceLines().total == 0
