"""A period's rate: exact, never assumed, and the same whichever way it is asked."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.fx import FxQuote, MissingRate, PeriodRate, period_rate
from app.domain.period import Period
from app.domain.policy import FxMethod

MARCH = Period.month(2026, 3)
AVERAGE, END = FxMethod.MONTHLY_AVERAGE, FxMethod.MONTH_END
CURRENCIES = ("EUR", "GBP", "JPY", "USD")


def quote(base: str, other: str, day: int, rate: str, *, month: int = 3, monthly: bool = False) -> FxQuote:
    return FxQuote(base, other, date(2026, month, day), Decimal(rate), monthly)


def weekdays(base: str, other: str, rate: str, *, until: int = 31) -> list[FxQuote]:
    """A rate for each Monday to Friday of March 2026, which ends on a Tuesday."""
    days = (MARCH.start + timedelta(days=each) for each in range(until))
    return [FxQuote(base, other, day, Decimal(rate)) for day in days if day.weekday() < 5]


def test_an_average_is_the_mean_of_the_days_that_have_a_rate() -> None:
    quotes = [quote("EUR", "USD", 2, "1.10"), quote("EUR", "USD", 16, "1.12"), quote("EUR", "USD", 31, "1.17")]
    rate = period_rate(quotes, "EUR", "USD", MARCH, AVERAGE)
    assert (rate.value, rate.days, rate.via) == (Fraction("1.13"), tuple(each.day for each in quotes), None)


def test_the_month_end_is_the_last_rate_there_is_when_the_month_ends_on_a_weekend() -> None:
    """31 May 2026 is a Sunday: the banks' last rate is of Friday, the 29th."""
    quotes = [quote("EUR", "USD", day, rate, month=5) for day, rate in ((28, "1.1"), (29, "1.2"))]
    quotes.append(quote("EUR", "USD", 1, "1.3", month=6))
    rate = period_rate(quotes, "EUR", "USD", Period.month(2026, 5), END)
    assert (rate.value, rate.days) == (Fraction("1.2"), (date(2026, 5, 29),))


def test_a_rate_is_turned_round_and_crossed_through_the_euro_exactly() -> None:
    quotes = [*weekdays("EUR", "USD", "1.1"), *weekdays("EUR", "JPY", "163.7")]
    turned = period_rate(quotes, "USD", "EUR", MARCH, END)
    assert (turned.value, turned.via) == (Fraction(10, 11), None)
    crossed = period_rate(quotes, "USD", "JPY", MARCH, END)
    assert (crossed.value, crossed.via) == (Fraction("163.7") / Fraction("1.1"), "EUR")


def test_the_euro_comes_before_other_currencies_in_between_and_a_direct_quote_before_it() -> None:
    through_yen = [*weekdays("AUD", "USD", "2"), *weekdays("AUD", "GBP", "3")]
    assert period_rate(through_yen, "USD", "GBP", MARCH, END).via == "AUD"
    through_euro = [*through_yen, *weekdays("EUR", "USD", "1.1"), *weekdays("EUR", "GBP", "0.8")]
    assert period_rate(through_euro, "USD", "GBP", MARCH, END).via == "EUR"
    direct = [*through_euro, *weekdays("USD", "GBP", "0.75")]
    assert period_rate(direct, "USD", "GBP", MARCH, END).value == Fraction("0.75")


def test_days_without_one_of_two_rates_are_no_days_of_a_cross_rate() -> None:
    quotes = [*weekdays("EUR", "USD", "1.1"), quote("EUR", "JPY", 3, "150"), quote("EUR", "JPY", 30, "160")]
    rate = period_rate(quotes, "USD", "JPY", MARCH, AVERAGE)
    assert [day.day for day in rate.days] == [3, 30]
    assert rate.value == Fraction(155) / Fraction("1.1")


def test_the_published_average_of_a_month_is_taken_before_that_of_its_days() -> None:
    quotes = [*weekdays("EUR", "USD", "1.1"), quote("EUR", "USD", 1, "1.09", monthly=True)]
    rate = period_rate(quotes, "EUR", "USD", MARCH, AVERAGE)
    assert (rate.value, rate.monthly) == (Fraction("1.09"), True)
    assert period_rate(quotes, "EUR", "USD", MARCH, END).value == Fraction("1.1")
    with pytest.raises(MissingRate, match="none is known"):  # an average says nothing of a day
        period_rate(quotes[-1:], "EUR", "USD", MARCH, END)


@pytest.mark.parametrize("method", [AVERAGE, END])
def test_without_a_rate_there_is_no_figure(method: FxMethod) -> None:
    for quotes in ([], [*weekdays("EUR", "GBP", "0.8")], [quote("EUR", "USD", 28, "1.1", month=2)]):
        with pytest.raises(MissingRate) as missing:
            period_rate(quotes, "USD", "EUR", MARCH, method)
        assert str(missing.value) == (
            "There is no rate from USD to EUR for 2026-03: none is known. Import rates of that month for both (`trueup"
            " fx import FILE`; the European Central Bank's eurofxref-hist.csv has most), then ask again."
        )
        assert (missing.value.base, missing.value.quote, missing.value.period) == ("USD", "EUR", MARCH)


def test_a_part_of_a_month_stands_for_the_whole_only_while_it_is_not_over() -> None:
    early = weekdays("EUR", "USD", "1.1", until=23)  # eight days before the 31st
    late = [each for each in weekdays("EUR", "USD", "1.1") if each.day.day > 8]
    for quotes, method in ((early, AVERAGE), (early, END), (late, AVERAGE)):
        with pytest.raises(MissingRate, match="which leaves out a part of it"):
            period_rate(quotes, "EUR", "USD", MARCH, method)
        assert period_rate(quotes, "EUR", "USD", MARCH, method, whole=False).value == Fraction("1.1")
    assert period_rate(late, "EUR", "USD", MARCH, END).value == Fraction("1.1")
    assert period_rate(weekdays("EUR", "USD", "1.1", until=24), "EUR", "USD", MARCH, END).days[0].day == 24


def test_a_currency_is_worth_itself() -> None:
    assert period_rate([], "EUR", "EUR", MARCH, AVERAGE) == PeriodRate("EUR", "EUR", AVERAGE, Fraction(1))


rates = st.decimals("0.0001", 20_000, places=4, allow_nan=False)
tables = st.lists(
    st.builds(
        FxQuote,
        base=st.just("EUR"),
        quote=st.sampled_from(CURRENCIES[1:]),
        day=st.dates(MARCH.start, MARCH.end - timedelta(days=1)),
        rate=rates,
    ),
    unique_by=lambda each: (each.quote, each.day),
    max_size=30,
)


def found(quotes: Any, base: str, other: str, method: FxMethod) -> PeriodRate | None:
    try:
        return period_rate(quotes, base, other, MARCH, method)
    except MissingRate:
        return None


@settings(max_examples=40, deadline=None)
@given(quotes=tables, base=st.sampled_from(CURRENCIES), other=st.sampled_from(CURRENCIES))
def test_there_and_back_is_one_and_order_does_not_matter(quotes: list[FxQuote], base: str, other: str) -> None:
    there, back = found(quotes, base, other, END), found(quotes, other, base, END)
    assert (there is None) == (back is None)
    if there and back:
        assert there.value * back.value == 1
        assert there.days == back.days
    assert found(reversed(quotes), base, other, AVERAGE) == found(quotes, base, other, AVERAGE)


@settings(max_examples=40, deadline=None)
@given(quotes=tables, base=st.sampled_from(CURRENCIES), other=st.sampled_from(CURRENCIES))
def test_an_average_lies_between_its_days_and_comes_back_from_json(
    quotes: list[FxQuote], base: str, other: str
) -> None:
    rate = found(quotes, base, other, AVERAGE)
    if rate is None:
        return
    assert PeriodRate.from_json(rate.as_json()) == rate
    by_day = {(each.quote, each.day): Fraction(each.rate) for each in quotes}

    def of(currency: str, day: date) -> Fraction:
        return Fraction(1) if currency == "EUR" else by_day[currency, day]

    values = [of(other, day) / of(base, day) for day in rate.days]
    if values:
        assert min(values) <= rate.value <= max(values)
        assert rate.value * len(values) == sum(values)
