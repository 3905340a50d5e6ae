"""What teams owe for a billing month."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotFound
from app.reports.chargeback import ChargebackBlock, billing_periods, chargeback
from app.reports.owed import SharedPart
from app.reports.team_statement import team_statement
from tests.app.books import Books, a_team

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
OF_AI = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))


@pytest.fixture
def bill(books: Books) -> Books:
    """In March 100 of search, 10 shared 1:3 by search and speech, 1 of nobody; in February 70 of search."""
    books.policy(a_team("search", cost_center="CC-1"), a_team("ai"), a_team("speech", parent_id="ai"))
    books.charge(date(2026, 2, 5), "70", team="search", service_name="EC2")
    books.charge(date(2026, 3, 5), "100", team="search", service_name="EC2")
    books.charge(date(2026, 3, 6), "10", pool="platform", service_name="EKS")
    books.charge(date(2026, 3, 7), "1", service_name="S3")
    books.share(MARCH, "platform", search="0.25", speech="0.75")
    return books


def march(session: Session, viewer: Viewer | None = None, metric: Metric | None = None) -> ChargebackBlock:
    (block,) = chargeback(session, viewer or operator(), Period.month(2026, 3), metric).blocks
    return block


def test_a_team_owes_its_own_and_its_part_of_what_is_shared(session: Session, bill: Books) -> None:
    search = {team.team_id: team for team in march(session).teams}["search"]
    assert (search.name, search.cost_center) == ("Search", "CC-1")
    assert search.direct == Decimal(100)
    assert search.shared == (SharedPart("platform", "Platform", Decimal("2.5"), "evenly"),)
    assert (search.shared_total, search.total) == (Decimal("2.5"), Decimal("102.5"))
    assert (search.previous_total, search.change) == (Decimal(70), Decimal("32.5"))


def test_teams_and_the_unallocated_add_up_to_the_month(session: Session, bill: Books) -> None:
    block = march(session)
    assert (block.total, block.previous_total) == (Decimal(111), Decimal(70))
    assert block.unallocated.total == Decimal(1)
    assert sum(team.total for team in block.teams) + block.unallocated.total == block.total


def test_parents_are_listed_before_their_children_though_they_owe_nothing(session: Session, bill: Books) -> None:
    assert [(team.team_id, team.parent_id, team.total) for team in march(session).teams] == [
        ("ai", None, Decimal(0)),
        ("speech", "ai", Decimal("7.5")),
        ("search", None, Decimal("102.5")),
    ]


def test_a_correction_is_owed_in_the_month_that_invoices_it(session: Session, bill: Books) -> None:
    bill.charge(date(2026, 2, 28), "-20", team="search", period=MARCH)
    assert march(session).total == Decimal(91)


def test_the_policy_says_which_cost_a_statement_is_drawn_on(session: Session, books: Books) -> None:
    books.policy(a_team("search"), statement_metric="billed_cost")
    books.charge(MARCH, "3", team="search", metric="billed_cost")
    books.charge(MARCH, "5", team="search")
    report = chargeback(session, operator(), Period.month(2026, 3))
    assert (report.policy, report.metric, report.blocks[0].total) == ("house rules", Metric.BILLED, Decimal(3))
    assert march(session, metric=Metric.EFFECTIVE).total == Decimal(5)


def test_without_a_policy_everything_is_unallocated_on_effective_cost(session: Session) -> None:
    report = chargeback(session, operator(), Period.month(2026, 3))
    assert (report.policy, report.metric, report.blocks) == (None, Metric.EFFECTIVE, ())


def test_a_limited_viewer_gets_totals_of_its_teams_alone(session: Session, bill: Books) -> None:
    block = march(session, OF_AI)
    assert (block.total, block.unallocated.total) == (Decimal("7.5"), Decimal(0))
    assert [team.team_id for team in block.teams] == ["ai", "speech"]


def test_a_team_keeps_the_name_it_had_in_the_month(session: Session, books: Books) -> None:
    books.policy(
        a_team("search", valid_to=date(2026, 4, 1)),
        {"team_id": "search", "name": "Find", "valid_from": date(2026, 4, 1)},
    )
    books.charge(MARCH, "1", team="search")
    books.charge(date(2026, 4, 1), "1", team="search")
    names = {month: chargeback(session, operator(), Period.month(2026, month)).blocks[0].teams for month in (3, 4)}
    assert {month: team.name for month, (team,) in names.items()} == {3: "Search", 4: "Find"}


def test_a_statement_splits_a_team_s_total_by_service(session: Session, bill: Books) -> None:
    (block,) = team_statement(session, operator(), Period.month(2026, 3), "search").blocks
    assert block.charge == {team.team_id: team for team in march(session).teams}["search"]
    assert [(each.service_name, each.direct, each.shared, each.previous_total) for each in block.services] == [
        ("EC2", Decimal(100), Decimal(0), Decimal(70)),
        ("EKS", Decimal(0), Decimal("2.5"), Decimal(0)),
    ]


def test_a_statement_s_trend_has_thirteen_months(session: Session, bill: Books) -> None:
    (block,) = team_statement(session, operator(), Period.month(2026, 3), "search").blocks
    assert len(block.trend) == 13
    assert block.trend[0] == (date(2025, 3, 1), Decimal(0))
    assert block.trend[-2:] == ((FEBRUARY, Decimal(70)), (MARCH, Decimal("102.5")))


@pytest.mark.parametrize(("viewer", "team"), [(operator(), "nobody"), (OF_AI, "search")])
def test_an_unknown_team_and_a_hidden_one_are_not_found(
    session: Session, bill: Books, viewer: Viewer, team: str
) -> None:
    with pytest.raises(NotFound):
        team_statement(session, viewer, Period.month(2026, 3), team)


def test_billing_periods_are_those_with_a_live_load(session: Session, bill: Books) -> None:
    bill.supersede(FEBRUARY)
    assert billing_periods(session, operator()) == (MARCH,)
