"""Half-open spans of days."""

from datetime import date

import pytest

from app.domain.period import Period, months_back, next_month
from app.errors import BadInput


def test_a_month_ends_where_the_next_begins() -> None:
    assert Period.month(2026, 12).end == Period.month(2027, 1).start
    assert Period.parse_month("2026-02").days == 28
    assert date(2026, 3, 1) not in Period.month(2026, 2)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "2026", "2026-01-01", "märz"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="YYYY-MM"):
        Period.parse_month(text)


def test_a_period_must_start_before_it_ends() -> None:
    with pytest.raises(BadInput, match="before it ends"):
        Period(date(2026, 1, 1), date(2026, 1, 1))


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert months_back(date(2026, 1, 31), 13) == date(2024, 12, 1)
    assert Period.month(2026, 1).previous_month() == Period.month(2025, 12)


def test_a_period_is_named_by_its_month_or_its_days() -> None:
    assert Period.month(2026, 3).label == "2026-03"
    assert Period(date(2026, 3, 1), date(2026, 3, 16)).label == "2026-03-01..2026-03-15"
