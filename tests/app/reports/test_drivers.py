"""Drivers as answers: exact quantities of live loads, by any of their dimensions, as far as a viewer may see."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.db.session import read_session
from app.domain.driver import KnownDriver
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed, NotFound
from app.reports.cost_query import Filter, Granularity
from app.reports.driver_query import DriverQuery, driver_filter
from app.reports.drivers import driver_names, drivers
from tests.app.gateway_files import MODEL, a_log, bring_logs, bring_openai, bucket, cost, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
MAY = (date(2026, 5, 1), date(2026, 6, 1))
POLICY = (
    "name: x\nteams: [{id: search}, {id: ranking, parent: search}, {id: speech}]\nrules: [{name: R, team: speech}]\n"
)


@pytest.fixture
def may(trueup: Trueup, tmp_path: Path) -> Trueup:
    """Two days of a gateway, whose teams are search and speech, and the vendor's own count of one of them."""
    bring_logs(
        trueup,
        tmp_path / "logs.jsonl",
        a_log("r-1", "2026-05-01", "0.1", {"input": 100, "output": 10}, team_id="search"),
        a_log(
            "r-2", "2026-05-01", "0.0000000000002", {"input": 7, "cached_input": 3}, team_id="speech", api_key="sk-2"
        ),
        a_log("r-3", "2026-05-02", "0.3", {"input": 50}, team_id="search", model="openai/o3"),
        a_log("r-4", "2026-06-01", "9", {"input": 9}, team_id="search"),
    )
    bring_openai(
        trueup, tmp_path / "may.json", bucket("2026-05-01", cost("1", f"{MODEL}, input"), usage({"input": 111}))
    )
    return trueup


def ask(trueup: Trueup, name: str, *by: str, viewer: Viewer | None = None, **question: Any) -> dict[Any, Decimal]:
    """Quantities by bucket, if there are buckets, and by keys; in one unit."""
    filters = tuple(driver_filter(text) for text in question.pop("filters", ()))
    query = DriverQuery(*MAY, name, group_by=by, filters=filters, **question)
    with read_session(trueup.engine) as session:
        report = drivers(session, viewer or operator(), query)
    assert len({row.unit for row in report.rows}) <= 1
    assert sum((row.quantity for row in report.rows), Decimal(0)) == sum(
        (t.quantity for t in report.totals), Decimal(0)
    )
    return {(*([str(row.period_start)] if row.period_start else []), *row.keys): row.quantity for row in report.rows}


def limited(*teams: str) -> Viewer:
    return Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset(teams))


def test_quantities_are_exact_and_told_apart_by_source(may: Trueup) -> None:
    assert ask(may, "gateway_spend") == {(): Decimal("0.4000000000002")}
    assert ask(may, "tokens", "source", "token_class") == {
        ("gateway", "cached_input"): 3,
        ("gateway", "input"): 157,
        ("gateway", "output"): 10,
        ("openai", "input"): 111,
    }


def test_any_dimension_groups_and_filters(may: Trueup) -> None:
    assert ask(may, "tokens", "team", filters=["source:gateway"]) == {("search",): 160, ("speech",): 10}
    assert ask(may, "tokens", filters=["team=search", "token_class=input"]) == {(): 150}
    assert ask(may, "tokens", filters=["model:openai/o3"]) == {(): 50}
    assert ask(may, "tokens", filters=["!source:gateway"]) == {(): 111}
    assert ask(may, "tokens", filters=["team:"]) == {(): 111}  # the vendor knows no teams
    assert ask(may, "tokens", "service_provider_name", "nothing") == {("OpenAI", None): 281}
    assert ask(may, "tokens", filters=["model=none"]) == {}


def test_buckets_of_time(may: Trueup) -> None:
    by_day = {("2026-05-01", "search"): 110, ("2026-05-01", "speech"): 10, ("2026-05-02", "search"): 50}
    assert ask(may, "tokens", "team", granularity=Granularity.DAY, filters=["source:gateway"]) == by_day
    assert ask(may, "gateway_spend", granularity=Granularity.MONTH) == {("2026-05-01",): Decimal("0.4000000000002")}


def test_a_viewer_of_teams_sees_their_rows_alone(may: Trueup) -> None:
    may.policy(POLICY)
    assert ask(may, "tokens", "team", viewer=limited("search")) == {("search",): 160}
    assert ask(may, "tokens", viewer=limited("speech")) == {(): 10}
    assert ask(may, "tokens", viewer=limited("speech"), filters=["team:search"]) == {}
    with read_session(may.engine) as session:
        assert {each.source for each in driver_names(session, limited("search"))} == {"gateway"}
        with pytest.raises(NotAllowed):
            driver_names(session, Viewer("nobody", frozenset()))
    with pytest.raises(NotFound, match="There are none yet"):
        ask(may, "tokens", viewer=limited("ranking"))


def test_what_there_is_is_listed_with_its_days_and_dimensions(may: Trueup) -> None:
    with read_session(may.engine) as session:
        known = {(each.name, each.source): each for each in driver_names(session, operator())}
    assert sorted(known) == [
        ("gateway_spend", "gateway"), ("requests", "gateway"), ("requests", "openai"),
        ("tokens", "gateway"), ("tokens", "openai"),
    ]  # fmt: skip
    assert known["gateway_spend", "gateway"] == KnownDriver(
        "gateway_spend", "USD", "gateway", date(2026, 5, 1), date(2026, 6, 1), 3,
        ("api_key", "model", "provider", "team"),
    )  # fmt: skip
    assert "token_class" in known["tokens", "openai"].dimensions


def test_quantities_of_a_superseded_load_do_not_count(may: Trueup, tmp_path: Path) -> None:
    bring_logs(may, tmp_path / "again.jsonl", a_log("r-1", "2026-05-01", "0.5", {"input": 1}, team_id="search"))
    assert ask(may, "gateway_spend") == {(): Decimal("0.5")}


def test_an_unknown_driver_is_told_with_those_there_are(may: Trueup) -> None:
    with pytest.raises(
        NotFound, match=r"no driver 'token' that you may see\. There are gateway_spend, requests, tokens"
    ):
        ask(may, "token")


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ({"group_by": ("unit",)}, "every row of an answer has it"),
        ({"group_by": ("team", "team")}, "names a dimension twice"),
        ({"end": date(2026, 5, 1)}, "start must be before end"),
        ({"name": "to\0kens"}, "printable"),
        ({"filters": (Filter("team", ("\n",)),)}, "printable"),
    ],
)
def test_a_question_that_is_none_is_refused(question: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        DriverQuery(**{"start": MAY[0], "end": MAY[1], "name": "tokens", **question})


@pytest.mark.parametrize("text", ["model", "", ":x", "!"])
def test_a_filter_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a filter"):
        driver_filter(text)


def test_a_filter_is_read_as_in_questions_about_costs() -> None:
    assert driver_filter("!model=a%7Cb|c:d|") == Filter("model", ("a|b", "c:d", None), exclude=True)
