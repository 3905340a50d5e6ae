"""Two months in one currency: what was bought, and what the exchange rate did."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.fx import record_rates
from app.domain.charge import Metric
from app.domain.currency_effects import ShownEffects
from app.domain.fx import FxQuote, MissingRate, PeriodRate
from app.domain.period import Period
from app.domain.policy import FxMethod
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed
from app.reports.currency_comparison import CurrencyComparison, currency_comparison
from tests.app.books import Books, a_team
from tests.app.db.test_fx import close
from tests.app.domain.test_fx import weekdays

FEBRUARY, MARCH = Period.month(2026, 2), Period.month(2026, 3)
LATER = date(2026, 6, 1)


@pytest.fixture
def months(session: Session, books: Books) -> Books:
    """Search: 100 dollars, then 110 and 10 euros. Speech: 50 dollars in both. Nobody's: 1 dollar in March."""
    books.policy(a_team("search"), a_team("speech"))
    for day, owed in (
        (FEBRUARY.start, {"search": "100", "speech": "50"}),
        (MARCH.start, {"search": "110", "speech": "50"}),
    ):
        for team, amount in owed.items():
            books.charge(day, amount, team=team, metric="billed_cost")
    books.charge(MARCH.start, "10", team="search", currency="EUR", metric="billed_cost")
    books.charge(MARCH.start, "1", metric="billed_cost")
    february = [FxQuote("USD", "EUR", day, Decimal("0.9")) for day in (date(2026, 2, 2), date(2026, 2, 27))]
    record_rates(session, [*february, *weekdays("USD", "EUR", "0.95")], imported_from="ecb")
    return books


def compared(session: Session, viewer: Viewer | None = None, **asked: object) -> CurrencyComparison:
    told = {"today": LATER, "currency": "EUR", "metric": Metric.BILLED, **asked}
    return currency_comparison(session, viewer or operator(), MARCH, FEBRUARY, **told)  # type: ignore[arg-type]


def row(before: str, now: str, change: str, cost: str, fx: str) -> ShownEffects:
    return ShownEffects(*map(Decimal, (before, now, change, cost, fx)))


def test_what_was_bought_and_what_the_rate_did_are_told_apart(session: Session, months: Books) -> None:
    report = compared(session)
    assert {team.team_id: team.amounts for team in report.teams} == {
        "search": row("90", "114.5", "24.5", "19", "5.5"),
        "speech": row("45", "47.5", "2.5", "0", "2.5"),
    }
    assert report.unallocated.amounts == row("0", "0.95", "0.95", "0.9", "0.05")
    assert report.total == row("135", "162.95", "27.95", "19.9", "8.05")
    (rate,) = report.rates
    assert (rate.billing_currency, rate.before.rate, rate.now.rate, rate.now.days) == (
        "USD", Decimal("0.9"), Decimal("0.95"), 22,
    )  # fmt: skip
    assert (report.currency, report.metric) == ("EUR", Metric.BILLED)


def test_a_closed_month_is_turned_by_the_rates_it_was_closed_with(session: Session, months: Books) -> None:
    rate = PeriodRate("USD", "EUR", FxMethod.MONTHLY_AVERAGE, Fraction("0.8"), (FEBRUARY.start,))
    close(session, FEBRUARY, [rate.as_json()])
    report = compared(session)
    assert report.total.before == 120
    assert report.rates[0].before.rate == Decimal("0.8")


def test_a_missing_rate_is_told_and_no_figure_given(session: Session, months: Books) -> None:
    months.charge(FEBRUARY.start, "1", team="search", currency="GBP", metric="billed_cost")
    with pytest.raises(MissingRate, match="There is no rate from GBP to EUR for 2026-02"):
        compared(session)


def test_of_a_month_that_is_not_over_the_days_there_are_stand_for_it(session: Session, months: Books) -> None:
    session.execute(text("DELETE FROM fx_rate WHERE day > '2026-03-10'"))
    assert compared(session, today=date(2026, 3, 12)).rates[0].now.last_day == date(2026, 3, 10)
    with pytest.raises(MissingRate, match="those known are of 2026-03-02 to 2026-03-10"):
        compared(session)


def test_a_viewer_of_some_teams_sees_theirs_alone(session: Session, months: Books) -> None:
    viewer = Viewer("ann", frozenset({Scope.READ_COSTS}), frozenset({"speech"}))
    report = compared(session, viewer)
    assert [team.team_id for team in report.teams] == ["speech"]
    assert report.total == row("45", "47.5", "2.5", "0", "2.5")
    with pytest.raises(NotAllowed):
        compared(session, Viewer("bot", frozenset({Scope.WRITE_INGEST})))


def test_without_a_reporting_currency_one_must_be_said(session: Session, months: Books) -> None:
    with pytest.raises(BadInput, match="The policy names no reporting currency"):
        compared(session, currency=None)
