"""What a server refuses is asked for in smaller parts, what it cannot do now later, and the rest is explained."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pandas as pd
import pytest

from app.errors import BadInput, NotPermitted, Unavailable
from ingest import http
from ingest.telemetry.prometheus import patience
from ingest.telemetry.prometheus.client import Prometheus, Question, TooLarge, prometheus
from ingest.telemetry.prometheus.patience import answers, cut
from ingest.telemetry.prometheus.settings import PrometheusSettings
from tests.ingest.telemetry.prometheus import cluster as c
from tests.ingest.telemetry.prometheus.conftest import Pull, Pulled
from tests.ingest.telemetry.prometheus.proxy import Proxy, before
from tests.ingest.telemetry.prometheus.server import serving

BUSY = (429, {"Retry-After": "7"}, b'{"status":"error","errorType":"too_many_requests","error":"slow down"}')
SECONDS = Question(f'{c.ENGINE}{{gpu="0"}}', c.START, c.START + 29_999, 1)  # 30,000 points, where 11,000 are given


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited."""
    waited: list[float] = []
    monkeypatch.setattr(http, "pause", waited.append)
    return waited


@pytest.fixture
def proxy(server: str) -> Iterator[Proxy]:
    with before(server, prefix="/team/prometheus") as standing:
        yield standing


@pytest.fixture
def asked(server: str) -> Iterator[Prometheus]:
    with prometheus(PrometheusSettings(url=server)) as opened:
        yield opened


def same(one: Pull, other: Pull) -> None:
    ordered = "SELECT * FROM gpu_hours ORDER BY hour, gpu_uuid, gpu_instance_id"
    pd.testing.assert_frame_equal(one.frame(ordered), other.frame(ordered))


def test_eleven_thousand_points_are_refused_and_asked_for_in_halves(
    asked: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TooLarge, match="exceeded maximum resolution of 11,000 points"):
        asked.ask(SECONDS)
    monkeypatch.setattr(patience, "MOST_POINTS", 100_000)
    parts = [question for question, _ in answers(asked, SECONDS, series=1)]
    assert sum(part.points for part in parts) == SECONDS.points
    assert max(part.points for part in parts) <= 11_000
    assert [part.start for part in parts[1:]] == [part.end + 1 for part in parts[:-1]]


def test_a_long_question_is_cut_before_it_is_asked() -> None:
    parts = list(cut(SECONDS, series=1000))
    assert {part.points for part in parts} <= {patience.MOST_VALUES // 1000, SECONDS.points % 1000}
    assert sum(part.points for part in parts) == SECONDS.points


def test_a_server_that_keeps_few_samples_in_memory_is_asked_for_less(
    database: Path, tmp_path: Path, pulled: Pulled, server: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(database, copy)
    (copy / "lock").unlink(missing_ok=True)
    with serving(copy, tmp_path, "--query.max-samples=3000") as small:
        found = pulled(small, first=8, last=12)
    assert any("-002.json.gz" in each.name for each in found.folder.iterdir())
    same(found, pulled(server, first=8, last=12))


def test_a_429_is_waited_for_as_long_as_it_asks_and_then_half_is_asked(
    proxy: Proxy, waits: list[float], pulled: Pulled, server: str
) -> None:
    proxy.faults += [BUSY, BUSY]
    found = pulled(proxy.url, first=3, last=7, parallel=1)
    assert waits == [7, 7]
    first = proxy.turned_away[0]
    again = [each.points for each in proxy.ranges() if each.form["query"] == first.form["query"]]
    assert again[:2] == [4, 2]
    assert sum(each.points for each in proxy.ranges()[1:3]) <= 4
    same(found, pulled(server, first=3, last=7))


def test_a_server_that_stays_busy_is_left_alone(proxy: Proxy, waits: list[float], pulled: Pulled) -> None:
    proxy.faults += [BUSY] * 200
    with pytest.raises(Unavailable, match=r"429 \(slow down\)"):
        pulled(proxy.url, first=3, last=4, parallel=1)
    assert len(waits) == patience.ATTEMPTS - 1


def test_to_be_asked_to_wait_for_an_hour_is_too_long(proxy: Proxy, waits: list[float], pulled: Pulled) -> None:
    proxy.faults.append((503, {"Retry-After": "3600"}, b"down for maintenance"))
    with pytest.raises(Unavailable, match="down for maintenance"):
        pulled(proxy.url, first=3, last=4)
    assert waits == []


def test_a_query_that_cannot_be_is_shown_with_what_the_server_says(server: str, pulled: Pulled) -> None:
    with pytest.raises(BadInput, match="parse error"):
        pulled(server, matchers=('pod=~"(("',))


def test_a_422_is_explained(proxy: Proxy, pulled: Pulled) -> None:
    said = b'{"status":"error","errorType":"execution","error":"found duplicate series for the match group"}'
    proxy.faults.append((422, {}, said))
    with pytest.raises(BadInput, match=r"duplicate series for the match group.* to the query count"):
        pulled(proxy.url, first=3, last=4)


def test_warnings_of_the_server_are_told(proxy: Proxy, pulled: Pulled) -> None:
    def warned(raw: bytes) -> bytes:
        content = orjson.loads(raw)
        return orjson.dumps({**content, "warnings": ["fetch from store-2 failed"]}) if "data" in content else raw

    proxy.rewrite = warned
    assert pulled(proxy.url, first=3, last=4).opening.notes == [f"{proxy.url} warns: fetch from store-2 failed"]


def test_what_is_no_prometheus_is_told_so(proxy: Proxy, pulled: Pulled) -> None:
    proxy.rewrite = lambda _: b"<html>It works!</html>"
    with pytest.raises(BadInput, match="What answers is no Prometheus"):
        pulled(proxy.url)


def test_the_prefix_of_the_address_is_kept_and_questions_are_posted(proxy: Proxy, pulled: Pulled) -> None:
    pulled(proxy.url, first=3, last=4, tenant="gpu-team")
    assert {each.method for each in proxy.ranges()} == {"POST"}
    assert all(each.path.startswith("/team/prometheus/api/v1/") for each in proxy.sent)
    assert {each.headers.get("x-scope-orgid") for each in proxy.sent} == {"gpu-team"}
    assert all("gzip" in each.headers["accept-encoding"] for each in proxy.sent)


def test_thanos_is_told_to_answer_from_all_raw_samples_or_not_at_all(proxy: Proxy, pulled: Pulled) -> None:
    pulled(proxy.url, first=3, last=4, dialect="thanos")
    told = {"dedup": "true", "partial_response": "false", "max_source_resolution": "0s"}
    assert all(told.items() <= each.form.items() for each in proxy.ranges())


def test_a_server_without_gpus_gives_nothing(server: str, pulled: Pulled, tmp_path: Path) -> None:
    with serving(tmp_path / "data", tmp_path) as empty, pytest.raises(BadInput, match="holds no"):
        pulled(empty)


def test_credentials_that_are_not_there_are_named(server: str, pulled: Pulled) -> None:
    with pytest.raises(NotPermitted, match="no MISSING_TOKEN"):
        pulled(server, auth="bearer", token_env="MISSING_TOKEN")
