"""OpenAI's API against a fake of it: whole months, all pages, and nothing taken for granted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import ingest.http
from app.actions.ingest import Run, run_source
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.period import Period, months_back
from app.domain.viewer import operator
from app.errors import NotPermitted, Unavailable
from ingest.kind import Offer, Window
from ingest.openai.api import COSTS, USAGE, check, offers
from ingest.openai.kind import KIND
from ingest.openai.settings import KEY, OpenAISettings
from tests.ingest.fake_api import RESET, FakeApi, Query, paged, serving
from tests.ingest.opened import opened
from tests.trueup import Trueup

DAY = 86400
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
SETTLED = Window(MAY, JUNE, today=date(2026, 9, 1))


class OpenAI:
    """An organization's bill: costs and completions of some days, by Unix day."""

    def __init__(self, api: FakeApi) -> None:
        self.api, self.costs, self.completions, self.at_once = api, {}, {}, 2
        api.key = "sk-admin-test"
        api.routes["/v1/organization/costs"] = lambda query: self.page(self.costs, "costs", query)
        api.routes |= {f"/v1/organization/usage/{name}": partial(self.usage, name) for name in USAGE}

    costs: dict[date, list[dict[str, Any]]]
    completions: dict[date, list[dict[str, Any]]]

    def usage(self, name: str, query: Query) -> dict[str, Any]:
        return self.page(self.completions if name == "completions" else {}, f"usage.{name}", query)

    def page(self, days: dict[date, list[dict[str, Any]]], what: str, query: Query) -> dict[str, Any]:
        start, end = (int(query[name][0]) for name in ("start_time", "end_time"))
        assert query["bucket_width"] == ["1d"]
        assert int(query["limit"][0]) <= 31
        buckets = []
        for begin in range(start, end, DAY):
            day = datetime.fromtimestamp(begin, UTC).date()
            results = [{"object": f"organization.{what}.result", **each} for each in days.get(day, [])]
            buckets.append({"object": "bucket", "start_time": begin, "end_time": begin + DAY, "results": results})
        return {"object": "page", **paged(buckets, query, at_once=self.at_once)}


def charged(value: float, **more: Any) -> dict[str, Any]:
    return {"amount": {"value": value, "currency": "usd"}, "line_item": "gpt-4o, input", "project_id": "p", **more}


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setenv(KEY, "sk-admin-test")
    monkeypatch.setattr(ingest.http, "pause", lambda _: None)
    with serving() as api:
        found = OpenAI(api)
        found.costs = {date(2026, 5, day): [charged(day + 0.25)] for day in range(1, 32)}
        found.completions = {date(2026, 5, 3): [{"input_tokens": 9, "output_tokens": 1, "num_model_requests": 1}]}
        yield found


def told(openai: OpenAI) -> OpenAISettings:
    return OpenAISettings(base_url=f"{openai.api.url}/v1")


def offered(openai: OpenAI, window: Window = SETTLED) -> list[Offer]:
    return list(offers(told(openai), window))


def fetched(offer: Offer, folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    return list(offer.fetch(folder, lambda _stage, _done: None))


def test_a_month_is_offered_whole_with_every_page(openai: OpenAI, tmp_path: Path) -> None:
    (offer,) = offered(openai)
    assert (offer.scope, offer.label) == ("2026-05", "OpenAI 2026-05")
    files = fetched(offer, tmp_path / "got")
    costs = [file.name for file in files if "usage" not in file.name]
    assert costs == ["2026-05.json", *(f"2026-05.page-{n}.json" for n in range(2, 17))]
    # The one page that names something; an empty answer is no file, or two would be the same.
    assert [file.name for file in files if "usage" in file.name] == ["2026-05.usage.completions.json"]
    found = opened(KIND, files, tmp_path / "scratch")
    assert found.billed == sum(range(1, 32)) + 31 * Decimal("0.25")
    assert {row["quantity"] for row in found.drivers} == {9, 1}


def test_pages_are_archived_byte_for_byte(openai: OpenAI, tmp_path: Path) -> None:
    raw = (
        b'{"object":  "page", "data": [{"object": "bucket", "start_time": 1777593600, "end_time": 1777680000,'
        b' "results": [{"object": "organization.costs.result",'
        b' "amount": {"value": 0.10000000000000000001, "currency": "usd"}}]}], "has_more": false, "next_page": null}'
    )
    openai.api.routes["/v1/organization/costs"] = lambda _: raw
    openai.completions = {}
    (offer,) = offered(openai)
    (file,) = fetched(offer, tmp_path / "got")
    assert file.read_bytes() == raw
    assert opened(KIND, [file], tmp_path / "scratch").billed == Decimal("0.10000000000000000001")


def test_costs_are_asked_by_project_line_item_and_key_in_utc_days(openai: OpenAI) -> None:
    offered(openai)
    asked = openai.api.asked[0]
    assert asked.headers["authorization"] == "Bearer sk-admin-test"
    assert asked.query["group_by[]"] == list(COSTS) == ["project_id", "line_item", "api_key_id"]
    assert asked.query["start_time"] == [str(int(datetime(2026, 5, 1, tzinfo=UTC).timestamp()))]
    assert asked.query["end_time"] == [str(int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()))]


def test_the_version_says_whether_costs_changed_however_they_are_cut(openai: OpenAI) -> None:
    (before,) = offered(openai)
    openai.at_once = 31
    (again,) = offered(openai)
    assert again.version == before.version
    openai.costs[date(2026, 5, 31)] = [charged(99)]
    (after,) = offered(openai)
    assert (after.scope, after.version != before.version) == (before.scope, True)


def test_a_month_that_still_settles_is_a_new_version_every_day(openai: OpenAI) -> None:
    versions = {
        today: offered(openai, Window(MAY, JUNE, today=today))[0].version
        for today in (date(2026, 5, 31), date(2026, 6, 7), date(2026, 6, 8), date(2026, 6, 9))
    }
    assert len(set(versions.values())) == 3
    assert versions[date(2026, 6, 8)] == versions[date(2026, 6, 9)]


def test_a_running_month_is_asked_up_to_tomorrow_and_one_to_come_not_at_all(openai: OpenAI) -> None:
    offered(openai, Window(MAY, date(2026, 8, 1), today=date(2026, 5, 10)))
    ends = {asked.query["end_time"][0] for asked in openai.api.asked}
    assert ends == {str(int(datetime(2026, 5, 11, tzinfo=UTC).timestamp()))}


def test_a_month_without_costs_is_not_offered(openai: OpenAI) -> None:
    assert [offer.scope for offer in offered(openai, Window(date(2026, 4, 1), JUNE, SETTLED.today))] == ["2026-05"]


def test_faults_on_the_way_lose_nothing(openai: OpenAI, tmp_path: Path) -> None:
    openai.api.faults += [(429, {"Retry-After": "1"}), (500, {}), RESET, (503, {})]
    (offer,) = offered(openai)
    openai.api.faults += [RESET, (429, {})]
    files = fetched(offer, tmp_path / "got")
    assert opened(KIND, files, tmp_path / "scratch").billed == Decimal("503.75")


def test_a_usage_endpoint_that_is_not_there_is_left_out(openai: OpenAI, tmp_path: Path) -> None:
    for name in USAGE:
        del openai.api.routes[f"/v1/organization/usage/{name}"]
    (offer,) = offered(openai)
    assert not [file for file in fetched(offer, tmp_path / "got") if "usage" in file.name]


def test_an_expired_key_is_turned_away_with_what_to_do(openai: OpenAI) -> None:
    openai.api.key = "sk-admin-new"
    with pytest.raises(NotPermitted, match=rf"(?s)401.*{KEY} must hold an admin key"):
        offered(openai)


def test_without_a_key_nothing_is_asked(openai: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    with pytest.raises(NotPermitted, match=f"no {KEY}"):
        offered(openai)
    assert openai.api.asked == []


def test_a_service_that_stays_down_is_unavailable(openai: OpenAI) -> None:
    openai.api.faults += [(500, {})] * 99
    with pytest.raises(Unavailable, match="OpenAI answered 500"):
        offered(openai)


def test_check_says_what_the_key_may_not(openai: OpenAI) -> None:
    assert [access.ok for access in check(told(openai))] == [True, True]
    openai.api.faults.append((403, {}))
    refused, allowed = check(told(openai))
    assert (refused.ok, allowed.ok) == (False, True)
    assert "403" in refused.message
    assert KEY in refused.message


def ran(trueup: Trueup, month: date) -> Run:
    return run_source(trueup.engine, operator(), trueup.config, "openai", month=month)


@pytest.mark.slow
def test_a_run_loads_the_month_skips_what_is_live_and_restates(openai: OpenAI, trueup: Trueup) -> None:
    month = months_back(datetime.now(UTC).date(), 3)
    openai.costs = {month: [charged(1.5)], Period.month_of(month).end.replace(day=1): [charged(100)]}
    openai.completions = {}
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="openai", name="openai", config={"base_url": f"{openai.api.url}/v1"})
    assert ran(trueup, month).failures == ()
    assert trueup.total() == Decimal("1.5")
    asked = len(openai.api.asked)
    (again,) = ran(trueup, month).outcomes
    assert again.unchanged
    costs_pages = [path for path in openai.api.paths()[asked:] if not path.endswith("/costs")]
    assert costs_pages == []  # usage was not fetched again
    openai.costs[month] = [charged(1.25)]
    (restated,) = ran(trueup, month).outcomes
    assert restated.loads[0].replaced is not None
    assert trueup.total() == Decimal("1.25")


@pytest.mark.slow
def test_a_cut_network_leaves_the_last_good_figures(openai: OpenAI, trueup: Trueup) -> None:
    month = months_back(datetime.now(UTC).date(), 3)
    openai.costs = {month: [charged(1.5)]}
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="openai", name="openai", config={"base_url": f"{openai.api.url}/v1"})
    ran(trueup, month)
    openai.costs = {month: [charged(7)]}
    openai.api.routes["/v1/organization/usage/embeddings"] = lambda _: (_ for _ in ()).throw(ConnectionError)
    (failure,) = ran(trueup, month).failures
    assert isinstance(failure, Unavailable)
    assert "OpenAI cannot be reached" in str(failure)
    assert trueup.total() == Decimal("1.5")
