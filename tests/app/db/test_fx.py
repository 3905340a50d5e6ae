"""Rates in the database: known once, corrected without being lost, frozen with a statement."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db.fx import record_rates
from app.db.queries.fx import frozen_rates, rate_for, reporting_rates
from app.db.tables.fx import FxRate
from app.db.tables.statements import Statement
from app.domain.fx import FxQuote, MissingRate
from app.domain.period import Period
from app.domain.policy import FxMethod, Reporting
from tests.app.domain.test_fx import weekdays

MARCH = Period.month(2026, 3)


def known(session: Session) -> dict[tuple[str, str, date, bool], Decimal]:
    current = session.scalars(select(FxRate).where(FxRate.superseded_at.is_(None)))
    return {(each.base_currency, each.quote_currency, each.day, each.monthly): each.rate for each in current}


def test_a_rate_is_corrected_and_the_one_before_is_kept(session: Session) -> None:
    first, second = (FxQuote("EUR", "USD", MARCH.start, Decimal(rate)) for rate in ("1.1", "1.2"))
    average = FxQuote("EUR", "USD", MARCH.start, Decimal("1.15"), monthly=True)
    assert record_rates(session, [first, average], imported_from="a.csv").new == 2
    recorded = record_rates(session, [second, average], imported_from="b.csv")
    assert (recorded.new, [(each.quote, each.before) for each in recorded.corrected]) == (0, [(second, Decimal("1.1"))])
    rows = session.scalars(select(FxRate).order_by(FxRate.id)).all()
    assert [(row.rate, row.imported_from, row.superseded_at is None) for row in rows] == [
        (Decimal("1.1"), "a.csv", False),
        (Decimal("1.15"), "a.csv", True),
        (Decimal("1.2"), "b.csv", True),
    ]


quotes = st.lists(
    st.builds(
        FxQuote,
        base=st.just("EUR"),
        quote=st.sampled_from(["USD", "JPY"]),
        day=st.dates(date(2026, 3, 1), date(2026, 3, 4)),
        rate=st.decimals("0.1", 3, places=2),
        monthly=st.just(value=False),
    ),
    unique_by=lambda each: (each.quote, each.day),
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(quotes, max_size=4))
def test_the_newest_figure_counts_and_the_same_file_twice_is_once(session: Session, files: list[list[FxQuote]]) -> None:
    session.execute(delete(FxRate))
    expected: dict[tuple[str, str, date, bool], Decimal] = {}
    for file in files:
        record_rates(session, file, imported_from="x.csv")
        again = record_rates(session, file, imported_from="x.csv")
        assert (again.new, again.corrected) == (0, ())
        expected |= {(each.base, each.quote, each.day, each.monthly): each.rate for each in file}
    assert known(session) == expected


def test_a_rate_is_found_for_a_month_and_a_missing_one_is_told(session: Session) -> None:
    record_rates(session, [*weekdays("EUR", "USD", "1.1"), *weekdays("EUR", "JPY", "165")], imported_from="ecb")
    assert rate_for(session, "USD", "JPY", MARCH, FxMethod.MONTHLY_AVERAGE).value == 150
    rates = reporting_rates(session, ["USD", "EUR", "JPY"], Reporting("EUR"), MARCH)
    assert {base: rate.value for base, rate in rates.by_currency.items()} == {
        "USD": Fraction(10, 11),
        "JPY": Fraction(1, 165),
    }
    assert rates.value("EUR") == 1
    with pytest.raises(MissingRate, match="no rate from GBP to EUR for 2026-03"):
        reporting_rates(session, ["USD", "GBP"], Reporting("EUR"), MARCH)
    with pytest.raises(MissingRate, match="2026-04"):
        rate_for(session, "USD", "EUR", Period.month(2026, 4), FxMethod.MONTH_END)


def test_a_corrected_rate_no_longer_counts(session: Session) -> None:
    record_rates(session, weekdays("EUR", "USD", "1.1"), imported_from="ecb")
    record_rates(session, weekdays("EUR", "USD", "1.2"), imported_from="ecb")
    assert rate_for(session, "EUR", "USD", MARCH, FxMethod.MONTHLY_AVERAGE).value == Fraction("1.2")


def test_a_closed_statement_keeps_the_rates_it_was_closed_with(session: Session) -> None:
    record_rates(session, weekdays("EUR", "USD", "1.1"), imported_from="ecb")
    rates = reporting_rates(session, ["USD"], Reporting("EUR"), MARCH)
    assert frozen_rates(session, MARCH, "EUR") is None
    close(session, MARCH, rates.as_json())
    record_rates(session, weekdays("EUR", "USD", "1.2"), imported_from="ecb")
    assert frozen_rates(session, MARCH, "EUR") == rates
    assert reporting_rates(session, ["USD"], Reporting("EUR"), MARCH) != rates


def close(session: Session, period: Period, fx: list[dict[str, object]]) -> None:
    """Puts a closed statement without lines on record."""
    session.add(
        Statement(
            billing_period_start=period.start,
            state="closed",
            metric="effective_cost",
            allocation_version=1,
            loads=[],
            splits=[],
            fx=fx,
        )
    )
    session.flush()
