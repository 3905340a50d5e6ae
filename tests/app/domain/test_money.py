"""Exact amounts, written plainly."""

from decimal import Decimal

import pytest

from app.domain.money import percent, plain, total


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1E+3", "1000"), ("-0.00", "0"), ("1.2E-7", "0.00000012"), ("10.50", "10.5"), ("-3", "-3")],
)
def test_amounts_have_no_exponent_and_no_trailing_zeros(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


def test_a_total_keeps_every_digit() -> None:
    assert total([Decimal("1E+30"), Decimal("1E-30")]) == Decimal("1" + "0" * 30 + "." + "0" * 29 + "1")


def test_a_percentage_has_one_decimal_and_none_of_nothing() -> None:
    assert percent(Decimal(1), Decimal(3)) == Decimal("33.3")
    assert percent(Decimal(1), Decimal(0)) is None
    assert percent(Decimal(5000), Decimal("1E-25")) == Decimal("5E+30")
