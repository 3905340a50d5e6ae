"""Costs by any dimension, from whichever table is the smallest that knows it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.domain.charge import Axis, Metric
from app.domain.money import total
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed
from app.reports.cost_query import CostQuery, Filter, Granularity
from app.reports.costs import CostReport, costs
from tests.app.books import Books, a_team

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
# One question for each table that can answer: months, months by resource, days, facts.
EVERY_TABLE: list[dict[str, Any]] = [
    {"group_by": ()},
    {"group_by": ("resource_id",)},
    {"group_by": (), "granularity": Granularity.DAY},
    {"group_by": ("tag:env",)},
]


def by_key(report: CostReport) -> dict[tuple[str | None, ...], str]:
    (block,) = report.blocks
    return {row.keys: f"{row.amount:f}" for row in block.rows}


def ask(session: Session, viewer: Viewer | None = None, **question: Any) -> CostReport:
    query = CostQuery(**{"start": MARCH, "end": APRIL, **question})
    return costs(session, viewer or operator(), query)


def limited_to(*teams: str) -> Viewer:
    return Viewer("somebody", frozenset({Scope.READ_COSTS}), frozenset(teams))


def a_shared_platform(books: Books) -> None:
    """100 of search, 10 that search and speech share 1:3, and 1 of nobody."""
    books.policy(a_team("search"), a_team("ai"), a_team("speech", parent_id="ai"))
    books.charge(date(2026, 3, 5), "100", team="search", service_name="EC2", tags={"env": "prod"})
    books.charge(date(2026, 3, 6), "10", pool="platform", service_name="EKS")
    books.charge(date(2026, 3, 7), "1", service_name="S3")
    books.share(MARCH, "platform", search="0.25", speech="0.75")


@pytest.mark.parametrize("question", EVERY_TABLE)
def test_the_total_is_the_same_from_every_table(session: Session, books: Books, question: dict[str, Any]) -> None:
    a_shared_platform(books)
    assert [block.total for block in ask(session, **question).blocks] == [Decimal(111)]


def test_a_shared_charge_reaches_its_teams_by_their_shares(session: Session, books: Books) -> None:
    a_shared_platform(books)
    report = ask(session, group_by=("team",))
    assert by_key(report) == {("search",): "102.5", ("speech",): "7.5", (None,): "1"}


def test_a_pool_that_nobody_shares_is_unallocated(session: Session, books: Books) -> None:
    books.policy(a_team("search"))
    books.charge(MARCH, "10", pool="platform")
    books.share(APRIL, "platform", search="1")
    books.share(MARCH, "platform", currency="EUR", search="1")
    assert by_key(ask(session, group_by=("team",))) == {(None,): "10"}


def test_a_team_filter_takes_the_part_that_the_team_pays(session: Session, books: Books) -> None:
    a_shared_platform(books)
    of_speech = ask(session, filters=(Filter.parse("team:speech"),), group_by=("service_name",))
    assert by_key(of_speech) == {("EKS",): "7.5"}
    of_nobody = ask(session, filters=(Filter.parse("team:"),), group_by=("service_name",))
    assert by_key(of_nobody) == {("S3",): "1"}
    of_all_but_search = ask(session, filters=(Filter.parse("!team:search"),))
    assert of_all_but_search.blocks[0].total == Decimal("8.5")


def test_excluding_a_value_keeps_what_has_none(session: Session, books: Books) -> None:
    books.policy()
    books.charge(MARCH, "1", region_id="us-east-1")
    books.charge(MARCH, "2")
    assert by_key(ask(session, filters=(Filter.parse("!region_id:us-east-1"),), group_by=("region_id",))) == {
        (None,): "2"
    }
    assert ask(session, filters=(Filter.parse("region_id:us-east-1|"),)).blocks[0].total == Decimal(3)


def test_tags_are_read_from_the_facts_by_the_owner_in_force(session: Session, books: Books) -> None:
    a_shared_platform(books)
    assert by_key(ask(session, group_by=("tag:env", "team"))) == {
        ("prod", "search"): "100",
        (None, "search"): "2.5",
        (None, "speech"): "7.5",
        (None, None): "1",
    }
    assert ask(session, filters=(Filter.parse("tag:env:prod"),)).blocks[0].total == Decimal(100)


def test_superseded_loads_do_not_count(session: Session, books: Books) -> None:
    books.policy()
    books.charge(MARCH, "5", tags={"env": "prod"})
    books.supersede(MARCH)
    books.charge(MARCH, "7", tags={"env": "prod"})
    assert by_key(ask(session, group_by=("tag:env",))) == {("prod",): "7"}


def test_a_late_correction_is_in_one_month_on_each_axis(session: Session, books: Books) -> None:
    books.policy()
    books.charge(date(2026, 3, 31), "-4", period=APRIL)
    assert ask(session).blocks[0].total == Decimal(-4)
    assert ask(session, axis=Axis.BILLING).blocks == ()
    (row,) = ask(session, axis=Axis.BILLING, end=date(2026, 5, 1)).blocks[0].rows
    assert (row.period_start, row.amount) == (APRIL, Decimal(-4))


def test_weeks_start_on_monday(session: Session, books: Books) -> None:
    books.policy()
    books.charge(date(2026, 3, 1), "1")  # a Sunday
    books.charge(date(2026, 3, 2), "2")
    books.charge(date(2026, 3, 8), "3")
    rows = ask(session, granularity=Granularity.WEEK).blocks[0].rows
    assert [(row.period_start, row.amount) for row in rows] == [
        (date(2026, 2, 23), Decimal(1)),
        (date(2026, 3, 2), Decimal(5)),
    ]


def test_a_span_that_cuts_a_month_takes_only_its_days(session: Session, books: Books) -> None:
    books.policy()
    books.charge(date(2026, 3, 14), "1", resource_id="gpu-1")
    books.charge(date(2026, 3, 15), "2", resource_id="gpu-1")
    half = ask(session, start=date(2026, 3, 15), group_by=("resource_id",), granularity=Granularity.TOTAL)
    assert by_key(half) == {("gpu-1",): "2"}


def test_currencies_are_never_added_up(session: Session, books: Books) -> None:
    books.policy()
    books.charge(MARCH, "1")
    books.charge(MARCH, "2", currency="EUR")
    assert [(block.currency, block.total) for block in ask(session).blocks] == [
        ("EUR", Decimal(2)),
        ("USD", Decimal(1)),
    ]


def test_a_missing_cost_is_counted_once_and_is_not_zero(session: Session, books: Books) -> None:
    a_shared_platform(books)
    books.charge(date(2026, 3, 8), None, pool="platform", service_name="Support")
    (block,) = ask(session, group_by=("team",)).blocks
    assert block.rows_without_value == 1
    (block,) = ask(session, filters=(Filter.parse("team:speech|search"),), group_by=("service_name",)).blocks
    assert block.rows_without_value == 1
    assert {row.keys: row.amount for row in block.rows}[("Support",)] is None
    assert ask(session, metric=Metric.LIST).blocks[0].rows_without_value == 0


def test_a_viewer_sees_its_subtree_and_nothing_unallocated(session: Session, books: Books) -> None:
    a_shared_platform(books)
    (block,) = ask(session, limited_to("ai")).blocks
    assert block.total == Decimal("7.5")
    assert by_key(ask(session, limited_to("ai"), group_by=("team",))) == {("speech",): "7.5"}
    assert ask(session, limited_to("ai"), filters=(Filter.parse("team:search"),)).blocks == ()
    assert ask(session, limited_to("ai"), filters=(Filter.parse("team:"),)).blocks == ()
    assert ask(session, limited_to("nobody")).blocks == ()


def test_costs_need_the_scope_to_read_them(session: Session) -> None:
    with pytest.raises(NotAllowed):
        ask(session, Viewer("feeder", frozenset({Scope.WRITE_INGEST})))


owners = st.sampled_from([("search", None), ("speech", None), (None, "platform"), (None, "idle"), (None, None)])
charges = st.lists(
    st.tuples(
        st.dates(MARCH, date(2026, 4, 30)),
        st.decimals(min_value=-(10**9), max_value=10**9, places=18),
        owners,
        st.sampled_from(["USD", "EUR"]),
        st.sampled_from(["gpu-1", "gpu-2"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(charges=charges, part=st.integers(1, 10**12 - 1))
def test_teams_and_the_unallocated_add_up_to_the_bill(
    session: Session, charges: list[tuple[date, Decimal, tuple[str | None, str | None], str, str]], part: int
) -> None:
    with session.begin_nested() as example:
        books = Books(session)
        books.policy(a_team("search"), a_team("speech"))
        share = Decimal(part) / 10**12
        for currency in ("USD", "EUR"):
            for month in (MARCH, APRIL):
                books.share(month, "platform", currency=currency, search=str(share), speech=str(1 - share))
        for day, cost, (team, pool), currency, resource in charges:
            books.charge(day, str(cost), team=team, pool=pool, currency=currency, resource_id=resource)
        bill = {
            currency: total(cost for _, cost, _, of, _ in charges if of == currency)
            for currency in {of for _, _, _, of, _ in charges}
        }
        for question in EVERY_TABLE:
            for group_by in (question["group_by"], (*question["group_by"], "team")):
                report = ask(session, **{**question, "group_by": group_by, "end": date(2026, 5, 1)})
                assert {block.currency: block.total for block in report.blocks} == bill
        example.rollback()
