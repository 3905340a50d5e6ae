"""Amounts cut by month and day: the parts add up to the whole, to the last digit."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import total
from app.domain.period import next_month
from ingest.rate_card.card import Machine, MonthlyRate, PowerRate, Purchase, Validity
from ingest.rate_card.schedule import cut, depreciation, depreciation_of_month, running, write_off

amounts = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False, allow_infinity=False)
ALWAYS = Validity()


def a_machine(**told: object) -> Machine:
    purchase = Purchase(Decimal(1000), date(2026, 1, 16), 3, Decimal(100))
    plain: dict[str, object] = {
        "id": "node-1",
        "name": "node-1",
        "model": "H100",
        "gpus": 8,
        "currency": "EUR",
        "purchase": purchase,
        "colocation": (),
        "power": (),
        "cluster": None,
        "site": None,
        "tags": {},
        "retired_on": None,
    }
    return Machine(**{**plain, **told})  # type: ignore[arg-type]


@given(amount=amounts, parts=st.integers(1, 400), digits=st.integers(0, 8))
def test_the_parts_of_a_cut_add_up_to_the_whole_and_differ_by_one_unit_at_most(
    amount: Decimal, parts: int, digits: int
) -> None:
    shares = [cut(amount, part, parts, digits=digits) for part in range(parts)]
    assert total(shares) == amount
    assert max(shares) - min(shares) <= Decimal(1).scaleb(-max(digits, 4))


@given(price=amounts, months=st.integers(1, 84), day=st.dates(date(2020, 1, 1), date(2026, 12, 31)))
def test_depreciation_spreads_the_price_over_its_months_and_no_further(price: Decimal, months: int, day: date) -> None:
    machine = a_machine(purchase=Purchase(price, day, months, Decimal(0)))
    month, sums = day.replace(day=1), []
    for _ in range(months + 1):
        of_days = total(each.amount for each in depreciation(machine, month))
        assert of_days == depreciation_of_month(machine, month)
        sums.append(of_days)
        month = next_month(month)
    assert total(sums) == price
    assert sums[-1] == 0


def test_the_month_of_purchase_counts_as_a_whole_one_on_the_days_from_the_purchase() -> None:
    days = list(depreciation(a_machine(), date(2026, 1, 1)))
    assert (days[0].day, days[-1].day, len(days)) == (date(2026, 1, 16), date(2026, 1, 31), 16)
    assert {each.amount for each in days} == {Decimal("18.75")}  # 900 / 3 / 16


def test_a_machine_that_comes_on_the_16th_pays_for_16_of_31_days_of_colocation() -> None:
    machine = a_machine(colocation=(MonthlyRate(Decimal(310), ALWAYS),))
    days = list(running(machine, date(2026, 1, 1), tuple(machine.colocation)))
    assert total(each.amount for each in days) == 160
    february = running(machine, date(2026, 2, 1), tuple(machine.colocation))
    assert total(each.amount for each in february) == 310


def test_power_is_what_the_machine_draws_and_a_new_price_counts_from_its_day() -> None:
    until, since = Validity(None, date(2026, 2, 11)), Validity(date(2026, 2, 11), None)
    kw, pue = Decimal("10.2"), Decimal("1.25")
    machine = a_machine(power=(PowerRate(kw, pue, Decimal("0.20"), until), PowerRate(kw, pue, Decimal("0.30"), since)))
    days = list(running(machine, date(2026, 2, 1), tuple(machine.power)))
    assert {each.kwh for each in days} == {Decimal(306)}  # 10.2 kW × 1.25 × 24 h
    assert [each.amount for each in days[9:11]] == [Decimal("61.2"), Decimal("91.8")]
    assert total(each.amount for each in days) == 10 * Decimal("61.2") + 18 * Decimal("91.8")


@given(retired_on=st.dates(date(2026, 1, 17), date(2026, 6, 30)))
def test_what_a_retired_machine_has_left_is_written_off(retired_on: date) -> None:
    machine = a_machine(retired_on=retired_on)
    months = [date(2026, month, 1) for month in range(1, 7)]
    days = [each for month in months for each in depreciation(machine, month)]
    assert all(each.day < retired_on for each in days)
    assert total(each.amount for each in days) + write_off(machine) == 900
