"""Pulling from a LiteLLM proxy: every request once, however many there are, and refusals that say what to do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput, NotPermitted, Unavailable
from ingest.kind import Offer, Window
from ingest.litellm.kind import KIND
from ingest.litellm.settings import LiteLLMSettings
from ingest.pipeline import no_progress
from tests.ingest.fake_api import FakeApi, Query, serving
from tests.ingest.opening import opened

JUNE = Window(date(2026, 6, 1), date(2026, 7, 1), date(2026, 7, 10))
KEY = "sk-made-up"
CAP = 10_000  # what /spend/logs/v2 counts to


class Proxy:
    """A proxy with these requests, answering as litellm 1.110 does."""

    def __init__(self, instants: list[datetime]) -> None:
        self.instants = sorted(instants)

    def logs(self, query: Query) -> Any:
        start, end = (
            datetime.strptime(query[name][0], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            for name in ("start_date", "end_date")
        )
        page, size = int(query["page"][0]), int(query["page_size"][0])
        assert size <= 1000
        found = [instant for instant in self.instants if start <= instant <= end]
        shown = found[(page - 1) * size : page * size]
        data = [{**LOG, "request_id": f"r-{at.timestamp()}", "startTime": at.isoformat()} for at in shown]
        return {"data": data, "total": min(len(found), CAP), "page": page, "page_size": size, "total_pages": 1}

    def totals(self, query: Query) -> Any:
        first, last = (date.fromisoformat(query[name][0]) for name in ("start_date", "end_date"))
        count = sum(first <= instant.date() <= last for instant in self.instants)
        totals = {"total_spend": count * 0.5, "total_api_requests": count, "total_tokens": count * 3}
        return {"results": [], "metadata": totals}


LOG = {
    "spend": 0.5,
    "prompt_tokens": 2,
    "completion_tokens": 1,
    "model": "gpt-5",
    "custom_llm_provider": "openai",
    "api_key": "k",
    "team_id": "t",
    "metadata": {},
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    monkeypatch.setenv("LITELLM_API_KEY", KEY)
    monkeypatch.setattr("ingest.http.pause", lambda _seconds: None)
    with serving() as found:
        found.key = KEY
        yield found


def serve(api: FakeApi, instants: list[datetime]) -> Proxy:
    proxy = Proxy(instants)
    api.routes["/spend/logs/v2"] = proxy.logs
    api.routes["/user/daily/activity/aggregated"] = proxy.totals
    return proxy


def offered(api: FakeApi, window: Window = JUNE, **told: Any) -> list[Offer]:
    assert KIND.offers
    return list(KIND.offers(LiteLLMSettings(base_url=api.url, **told), window))


def pulled(offer: Offer, folder: Path) -> Path:
    target = folder / "pulled"
    target.mkdir()
    assert len(offer.fetch(target, no_progress)) == len(list(target.iterdir()))
    return target


def test_every_request_is_pulled_once_though_a_day_has_more_than_can_be_counted(api: FakeApi, tmp_path: Path) -> None:
    midnight = datetime(2026, 6, 2, tzinfo=UTC)
    busy = [midnight + timedelta(milliseconds=4321 * n) for n in range(12_000)]
    edges = [datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 30, 23, 59, 59, 999_000, tzinfo=UTC)]
    outside = [datetime(2026, 5, 31, 23, 59, 59, 999_000, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)]
    serve(api, busy + edges + outside)
    (offer,) = offered(api, pull="logs")
    with opened(KIND, tmp_path, pulled(offer, tmp_path)) as delivery:
        assert delivery.total("requests") == 12_002
        assert delivery.total("gateway_spend") == 6001
        assert {day for day, _, _ in delivery.drivers} == {"2026-06-01", "2026-06-02", "2026-06-30"}


def test_a_second_with_more_requests_than_a_page_is_refused_and_not_cut_short(api: FakeApi, tmp_path: Path) -> None:
    serve(api, [datetime(2026, 6, 2, 12, 0, 0, 500 * n, tzinfo=UTC) for n in range(1100)])
    (offer,) = offered(api, pull="logs")
    with pytest.raises(Unavailable, match="1100 requests in the second 2026-06-02 12:00:00"):
        pulled(offer, tmp_path)


def metrics(spend: float) -> dict[str, Any]:
    return {"spend": spend, "prompt_tokens": 10, "completion_tokens": 1, "successful_requests": 1, "api_requests": 1}


def test_daily_sums_are_pulled_page_by_page_and_add_up(api: FakeApi, tmp_path: Path) -> None:
    serve(api, [datetime(2026, 6, 2, 12, tzinfo=UTC)])

    def activity(query: Query) -> Any:
        assert (query["start_date"], query["end_date"]) == (["2026-06-01"], ["2026-06-30"])
        page = int(query["page"][0])
        models = {"gpt-5": {"metrics": metrics(0.1), "api_key_breakdown": {f"k{page}": {"metrics": metrics(0.1)}}}}
        day = {"date": "2026-06-02", "metrics": metrics(0.1), "breakdown": {"models": models}}
        return {"results": [day], "metadata": {"page": page, "has_more": page < 3}}

    api.routes["/user/daily/activity"] = activity
    (offer,) = offered(api)
    with opened(KIND, tmp_path, pulled(offer, tmp_path)) as delivery:
        assert f"{delivery.total('gateway_spend')}" == "0.3"
        assert delivery.total("requests") == 3


def test_a_month_is_offered_anew_when_more_was_counted_and_not_at_all_when_nothing_was(api: FakeApi) -> None:
    window = Window(date(2026, 5, 1), date(2026, 8, 1), date(2026, 7, 10))
    proxy = serve(api, [datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 7, 3, tzinfo=UTC)])
    before = {offer.scope: offer.version for offer in offered(api, window)}
    assert list(before) == ["2026-06", "2026-07"]
    proxy.instants.append(datetime(2026, 7, 4, tzinfo=UTC))
    after = {offer.scope: offer.version for offer in offered(api, window)}
    assert (after["2026-06"] == before["2026-06"], after["2026-07"] == before["2026-07"]) == (True, False)


def test_an_older_proxy_without_totals_is_asked_once_a_day(api: FakeApi) -> None:
    (offer,) = offered(api)
    assert offer.version == "daily as of 2026-07-10"


def test_a_passing_fault_is_tried_again(api: FakeApi, tmp_path: Path) -> None:
    serve(api, [datetime(2026, 6, 2, tzinfo=UTC)])
    (offer,) = offered(api, pull="logs")
    api.faults = [(429, {"Retry-After": "1"}), (503, {}), "reset"]
    with opened(KIND, tmp_path, pulled(offer, tmp_path)) as delivery:
        assert delivery.total("requests") == 1


def test_a_key_that_is_turned_away_or_missing_is_told(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(api, [])
    api.key = "another"
    with pytest.raises(NotPermitted, match="LITELLM_API_KEY to a key of a proxy admin"):
        offered(api)
    monkeypatch.delenv("LITELLM_API_KEY")
    with pytest.raises(NotPermitted, match="LiteLLM wants a key"):
        offered(api)


def test_another_server_at_the_address_is_told(api: FakeApi) -> None:
    api.routes["/user/daily/activity/aggregated"] = lambda _query: b"<html>Welcome</html>"
    with pytest.raises(BadInput, match="no LiteLLM"):
        offered(api)


def test_doctor_says_whether_the_key_may_see_requests(api: FakeApi) -> None:
    assert KIND.check
    settings = LiteLLMSettings(base_url=api.url)
    api.routes["/user/daily/activity"] = lambda _query: {"results": [], "metadata": {}}
    assert [access.ok for access in KIND.check(settings)] == [True]
    api.key = "another"
    (access,) = KIND.check(settings)
    assert (access.ok, "LITELLM_API_KEY" in access.message) == (False, True)
