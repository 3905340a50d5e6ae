"""Anthropic's APIs against a fake of them: analytics where it is there, the legacy reports where it is not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import ingest.http
from app.actions.ingest import run_source
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.period import months_back
from app.domain.viewer import operator
from app.errors import NotFound, NotPermitted, Unavailable
from ingest.anthropic.api import check, offers
from ingest.anthropic.kind import KIND
from ingest.anthropic.settings import KEY, AnthropicSettings
from ingest.kind import Offer, Window
from tests.ingest.fake_api import RESET, FakeApi, Query, paged, serving
from tests.ingest.opened import opened
from tests.trueup import Trueup

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
SETTLED = Window(MAY, JUNE, today=date(2026, 9, 1))
ANALYTICS, LEGACY = "/v1/organizations/analytics/", "/v1/organizations/"


class Anthropic:
    """An organization that was charged some cents on some days."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.cents: dict[date, str] = {date(2026, 5, day): f"{day}.125" for day in range(1, 32)}
        self.at_once = 10
        api.key = "sk-ant-admin-test"
        api.routes |= {
            f"{ANALYTICS}cost": self.cost,
            f"{ANALYTICS}usage": self.usage,
            f"{LEGACY}cost_report": self.cost_report,
            f"{LEGACY}usage_report/messages": self.usage_report,
        }

    def cost(self, query: Query) -> dict[str, Any]:
        assert {"cost_type", "token_type"} <= set(query["group_by[]"])
        group = {"model": "m", "workspace_id": "w", "cost_type": "tokens", "token_type": "output_tokens"}
        rows = [
            {**when, "group": group, "cost": {"amount": cents, "list_amount": cents, "currency": "USD"}}
            for when, cents in self.days(query)
        ]
        return paged(rows, query, at_once=self.at_once)

    def usage(self, query: Query) -> dict[str, Any]:
        assert "token_type" not in query["group_by[]"]
        rows = [{**when, "group": {"model": "m"}, "usage": {"output_tokens": 5}} for when, _ in self.days(query)]
        return paged(rows, query, at_once=self.at_once)

    def cost_report(self, query: Query) -> dict[str, Any]:
        buckets = [
            {**when, "results": [{"amount": cents, "currency": "USD", "description": "x"}]}
            for when, cents in self.days(query)
        ]
        return paged(buckets, query, at_once=self.at_once)

    def usage_report(self, query: Query) -> dict[str, Any]:
        buckets = [{**when, "results": [{"model": "m", "output_tokens": 5}]} for when, _ in self.days(query)]
        return paged(buckets, query, at_once=self.at_once)

    def days(self, query: Query) -> Iterator[tuple[dict[str, str], str]]:
        start, end = (datetime.fromisoformat(query[name][0]).date() for name in ("starting_at", "ending_at"))
        assert end - start <= timedelta(days=31)
        for day, cents in sorted(self.cents.items()):
            if start <= day < end:
                next_day = day + timedelta(days=1)
                yield {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{next_day}T00:00:00Z"}, cents


@pytest.fixture
def anthropic(monkeypatch: pytest.MonkeyPatch) -> Iterator[Anthropic]:
    monkeypatch.setenv(KEY, "sk-ant-admin-test")
    monkeypatch.setattr(ingest.http, "pause", lambda _: None)
    with serving() as api:
        yield Anthropic(api)


def offered(anthropic: Anthropic, window: Window = SETTLED, **told: Any) -> list[Offer]:
    return list(offers(AnthropicSettings(base_url=f"{anthropic.api.url}/v1", **told), window))


def fetched(offer: Offer, folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    return list(offer.fetch(folder, lambda _stage, _done: None))


MAY_DOLLARS = (sum(range(1, 32)) + 31 * Decimal("0.125")) / 100


@pytest.mark.parametrize("api", ["auto", "analytics", "legacy"])
def test_a_month_comes_whole_from_either_api(anthropic: Anthropic, tmp_path: Path, api: str) -> None:
    (offer,) = offered(anthropic, api=api)
    files = fetched(offer, tmp_path / "got")
    pages = ["", ".page-2", ".page-3", ".page-4"]
    assert [file.name for file in files] == [
        *(f"2026-05{page}.json" for page in pages),
        *(f"2026-05.usage{page}.json" for page in pages),
    ]
    found = opened(KIND, files, tmp_path / "scratch")
    assert found.billed == MAY_DOLLARS
    assert sum(each["quantity"] for each in found.drivers) == 31 * 5
    base = LEGACY if api == "legacy" else ANALYTICS
    assert {path.startswith(ANALYTICS) for path in anthropic.api.paths()} == {base == ANALYTICS}


def test_each_api_gets_the_headers_it_documents(anthropic: Anthropic) -> None:
    offered(anthropic, api="analytics")
    offered(anthropic, api="legacy")
    analytics, legacy = anthropic.api.asked[0].headers, anthropic.api.asked[-1].headers
    assert analytics["authorization"] == "Bearer sk-ant-admin-test"
    assert analytics["anthropic-beta"] == "analytics-usage-cost-2026-08-24"
    assert (legacy["x-api-key"], legacy["anthropic-version"]) == ("sk-ant-admin-test", "2023-06-01")


def test_auto_asks_the_legacy_report_where_analytics_is_not_there(anthropic: Anthropic, tmp_path: Path) -> None:
    del anthropic.api.routes[f"{ANALYTICS}cost"]
    (offer,) = offered(anthropic)
    assert opened(KIND, fetched(offer, tmp_path / "got"), tmp_path / "scratch").billed == MAY_DOLLARS
    assert f"{ANALYTICS}usage" not in anthropic.api.paths()
    with pytest.raises(NotFound):
        offered(anthropic, api="analytics")


@pytest.mark.parametrize(
    ("month", "today"), [(date(2025, 12, 1), date(2026, 9, 1)), (date(2026, 5, 1), date(2027, 6, 1))]
)
def test_auto_asks_the_legacy_report_where_analytics_does_not_reach_back(
    anthropic: Anthropic, month: date, today: date
) -> None:
    anthropic.cents[month] = "1"
    assert offered(anthropic, Window(month, month + timedelta(days=28), today))
    assert set(anthropic.api.paths()) == {f"{LEGACY}cost_report"}


def test_a_turned_away_key_is_not_tried_on_the_other_api(anthropic: Anthropic) -> None:
    anthropic.api.key = "sk-ant-admin-new"
    with pytest.raises(NotPermitted, match=rf"401.*{KEY} must hold an admin key"):
        offered(anthropic)
    assert len(anthropic.api.asked) == 1


def test_faults_on_the_way_lose_nothing(anthropic: Anthropic, tmp_path: Path) -> None:
    anthropic.api.faults += [(429, {"Retry-After": "1"}), RESET, (529, {})]
    (offer,) = offered(anthropic)
    anthropic.api.faults += [(500, {})]
    assert opened(KIND, fetched(offer, tmp_path / "got"), tmp_path / "scratch").billed == MAY_DOLLARS


def test_a_service_that_stays_down_is_unavailable(anthropic: Anthropic) -> None:
    anthropic.api.faults += [(529, {})] * 99
    with pytest.raises(Unavailable, match="Anthropic answered 529"):
        offered(anthropic)


def test_check_says_which_api_may_be_read_and_what_is_missing(
    anthropic: Anthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = AnthropicSettings(base_url=f"{anthropic.api.url}/v1")
    assert [access.message for access in check(told)] == [
        "Anthropic lets us read organizations/analytics/cost",
        "Anthropic lets us read organizations/analytics/usage",
    ]
    monkeypatch.delenv(KEY)
    (access,) = check(told)
    assert not access.ok
    assert KEY in access.message


@pytest.mark.slow
def test_a_run_loads_the_month_and_restates_it(anthropic: Anthropic, trueup: Trueup) -> None:
    month = months_back(datetime.now(UTC).date(), 2)
    anthropic.cents = {month: "150"}
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="anthropic", name="ai", config={"base_url": f"{anthropic.api.url}/v1"})
    for cents, unchanged in (("150", False), ("150", True), ("125", False)):
        anthropic.cents = {month: cents}
        (outcome,) = run_source(trueup.engine, operator(), trueup.config, "ai", month=month).outcomes
        assert outcome.unchanged is unchanged
        assert trueup.total() == Decimal(cents) / 100
