"""How far a bill may be from its invoice by rounding alone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.invoice import subunit, tolerance


@pytest.mark.parametrize(
    ("currency", "smallest"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("CLF", "0.0001"), ("ZZZ", "0.01")]
)
def test_a_currency_is_paid_in_its_subunit(currency: str, smallest: str) -> None:
    assert subunit(currency) == Decimal(smallest)


# The scenarios of FOCUS 1.4's appendix on rounding variance: the smaller bill has the fixed minimum, the larger grows.
@pytest.mark.parametrize(
    ("currency", "rows", "allowed"),
    [
        ("USD", 5, "1"),
        ("USD", 1_000_000, "5"),
        ("USD", 40_000, "1"),
        ("USD", 40_401, "1.005"),  # √40,401 is 201
        ("USD", 50_000, "1.118"),  # √50,000 is 223.6067…
        ("JPY", 5, "100"),
        ("JPY", 1_000_000, "500"),
        ("KWD", 0, "0.1"),
    ],
)
def test_the_tolerance_is_a_hundred_subunits_or_half_a_subunit_times_the_root_of_the_rows(
    currency: str, rows: int, allowed: str
) -> None:
    assert tolerance(currency, rows) == Decimal(allowed)


@given(rows=st.integers(0, 10**12))
def test_what_is_shown_is_never_more_than_the_formula_allows(rows: int) -> None:
    allowed = tolerance("USD", rows) / subunit("USD")
    assert allowed >= 100
    assert allowed == 100 or (2 * allowed) ** 2 <= rows < (2 * allowed + Decimal("0.02")) ** 2
