"""A statement in another currency, and a change told apart: nothing is lost to rounding."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.currency_effects import effects, shown, summed
from app.domain.fx import PeriodRate
from app.domain.largest_remainder import whole_units
from app.domain.policy import FxMethod
from app.domain.reporting_currency import ReportingRates, in_reporting_currency
from app.domain.statement import CostType, LineKey, StatementLine

CENT = Decimal("0.01")
amounts = st.decimals(-(10**9), 10**9, places=9, allow_nan=False)
fractions = st.fractions(Fraction(1, 200), 200)


def rates_into(currency: str, **values: Fraction | str) -> ReportingRates:
    return ReportingRates(
        currency,
        {base: PeriodRate(base, currency, FxMethod.MONTHLY_AVERAGE, Fraction(value)) for base, value in values.items()},
    )


def line(amount: Decimal | str, *, currency: str = "USD", service: str = "EC2", rounded: str = "0") -> StatementLine:
    key = LineKey(currency, "AWS", "A", "search", CostType.DIRECT, None, "AWS", service, None)
    return StatementLine(key, None, None, Decimal(amount), Decimal(rounded), 1, 0)


def test_thirds_of_a_hundred_still_come_to_a_hundred() -> None:
    assert whole_units([Fraction(100, 3)] * 3, CENT) == (Decimal("33.34"), Decimal("33.33"), Decimal("33.33"))
    assert whole_units([Fraction(-100, 3)] * 3, CENT) == (Decimal("-33.33"), Decimal("-33.33"), Decimal("-33.34"))
    assert whole_units([], CENT) == ()


@settings(max_examples=40, deadline=None)
@given(
    exact=st.lists(fractions | fractions.map(lambda each: -each), max_size=20),
    unit=st.sampled_from(["1", "0.01", "0.001"]),
)
def test_whole_units_add_up_and_none_is_a_unit_away(exact: list[Fraction], unit: str) -> None:
    parts = whole_units(exact, Decimal(unit))
    assert sum(map(Fraction, parts)) == round(sum(exact) / Fraction(unit)) * Fraction(unit)
    assert all(abs(Fraction(part) - value) < Fraction(unit) for part, value in zip(parts, exact, strict=True))
    assert all(Fraction(part) % Fraction(unit) == 0 for part in parts)


def test_lines_are_turned_and_those_in_the_reporting_currency_stay_as_they_were_charged() -> None:
    lines = [line("10.005", currency="EUR", rounded="10.01"), line("100"), line("1", service="S3")]
    turned = in_reporting_currency(lines, rates_into("EUR", USD="0.9055"))
    assert [each.amount for each in turned] == [Decimal("10.01"), Decimal("90.55"), Decimal("0.91")]
    assert [each.line for each in turned] == lines
    assert [each.amount for each in in_reporting_currency(lines[1:], rates_into("JPY", USD="155.5"))] == [15550, 156]


def test_a_currency_without_a_rate_is_not_turned() -> None:
    with pytest.raises(KeyError):
        in_reporting_currency([line("1", currency="GBP")], rates_into("EUR", USD="0.9"))


@settings(max_examples=40, deadline=None)
@given(
    owed=st.lists(st.tuples(amounts, st.sampled_from(["USD", "JPY"])), max_size=30), usd=fractions, jpy=fractions,
    reporting=st.sampled_from(["EUR", "KRW", "KWD"]),
)  # fmt: skip
def test_turning_loses_nothing(owed: list[tuple[Decimal, str]], usd: Fraction, jpy: Fraction, reporting: str) -> None:
    unit = {"EUR": Fraction(1, 100), "KRW": Fraction(1), "KWD": Fraction(1, 1000)}[reporting]
    rates = rates_into(reporting, USD=usd, JPY=jpy)
    turned = in_reporting_currency([line(amount, currency=currency) for amount, currency in owed], rates)
    for currency in ("USD", "JPY"):
        exact = sum((Fraction(amount) for amount, each in owed if each == currency), Fraction(0)) * rates.value(
            currency
        )
        parts = [Fraction(each.amount) for each in turned if each.line.key.billing_currency == currency]
        assert sum(parts) == round(exact / unit) * unit


def test_rates_come_back_as_they_were_kept() -> None:
    rates = rates_into("EUR", USD=Fraction(10, 11), JPY=Fraction(1, 163))
    kept = rates.as_json()
    assert [(each["base"], each["numerator"], each["denominator"]) for each in kept] == [
        ("JPY", "1", "163"),
        ("USD", "10", "11"),
    ]
    assert ReportingRates.from_json("EUR", kept) == rates
    assert ReportingRates.from_json("GBP", kept).by_currency == {}


def test_a_dearer_dollar_is_told_apart_from_a_dearer_month() -> None:
    """100 dollars at 0.90 were 90 euros; 110 at 0.95 are 104.50: 9.00 more was bought, 5.50 is the dollar's doing."""
    moved = effects(
        {"USD": Decimal(100)}, {"USD": Decimal(110)}, rates_into("EUR", USD="0.9"), rates_into("EUR", USD="0.95")
    )
    assert (moved.before, moved.now, moved.cost_effect, moved.fx_effect) == (
        Fraction(90), Fraction("104.5"), Fraction(9), Fraction("5.5"),
    )  # fmt: skip


def test_the_reporting_currency_itself_has_no_fx_effect() -> None:
    moved = effects({"EUR": Decimal(1)}, {"EUR": Decimal(3)}, rates_into("EUR"), rates_into("EUR"))
    assert (moved.cost_effect, moved.fx_effect) == (Fraction(2), Fraction(0))


owed = st.dictionaries(st.sampled_from(["USD", "JPY", "EUR"]), amounts)


@settings(max_examples=40, deadline=None)
@given(
    teams=st.lists(st.tuples(owed, owed), max_size=12),
    now=st.tuples(fractions, fractions),
    then=st.tuples(fractions, fractions),
)
def test_effects_add_up_along_a_line_and_down_a_column(
    teams: list[tuple[dict[str, Decimal], dict[str, Decimal]]],
    now: tuple[Fraction, Fraction],
    then: tuple[Fraction, Fraction],
) -> None:
    before_rates, now_rates = (rates_into("EUR", USD=usd, JPY=jpy) for usd, jpy in (then, now))
    rows = [effects(before, after, before_rates, now_rates) for before, after in teams]
    for row, (before, after) in zip(rows, teams, strict=True):
        cost = sum(
            (Fraction(after.get(name, 0) or 0) - Fraction(before.get(name, 0) or 0)) * before_rates.value(name)
            for name in {*before, *after}
        )
        assert (row.cost_effect, row.before + row.cost_effect + row.fx_effect) == (cost, row.now)
    told = shown(rows, CENT)
    for each in (*told, summed(told)):
        assert each.before + each.cost_effect + each.fx_effect == each.now
        assert each.now - each.before == each.change
    total = summed(told)
    assert Fraction(total.now) == round(sum((row.now for row in rows), Fraction(0)) * 100) / Fraction(100)
    assert Fraction(total.fx_effect) == round(sum((row.fx_effect for row in rows), Fraction(0)) * 100) / Fraction(100)
