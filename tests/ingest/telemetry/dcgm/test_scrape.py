"""Exporters that are asked by us: their pages are kept as they came, and the ones that are away are told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import BadInput, Unavailable
from ingest import http
from ingest.pipeline import no_progress
from ingest.telemetry.dcgm.kind import KIND, DcgmSettings
from ingest.telemetry.dcgm.scrape import scrape
from tests.ingest.fake_api import serving
from tests.ingest.telemetry.reading import read

NOON = datetime(2026, 3, 2, 12, 0, 5, 250_000, UTC)
PAGE = b'DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-1",Hostname="gpu-1"} 97\n'


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "pause", lambda _: None)


def test_a_page_is_kept_as_it_came_with_when_and_from_where(tmp_path: Path) -> None:
    with serving() as exporter:
        exporter.routes["/metrics"] = lambda _: PAGE
        found = scrape([exporter.url], tmp_path, no_progress, lambda: NOON)
    (page,) = found.paths
    head, origin, rest = page.read_bytes().split(b"\n", 2)
    assert head == b"# observed_at 2026-03-02T12:00:05.250+00:00"
    assert origin == f"# from {exporter.url}/metrics".encode()
    assert rest == PAGE


def test_what_was_scraped_is_read_at_the_time_of_the_scrape(tmp_path: Path) -> None:
    assert KIND.fetch is not None
    with serving() as exporter:
        exporter.routes["/gpu/metrics"] = lambda _: PAGE
        urls = (f"{exporter.url}/gpu/metrics",) * 2  # named twice, asked once
        found = KIND.fetch(DcgmSettings(urls=urls), tmp_path, no_progress, lambda: NOON)
    (sample,) = read(KIND, tmp_path, *found.paths, observed_at=None).samples
    assert (sample["timestamp"], sample["gpu_util_percent"]) == (NOON, 97)
    assert len(exporter.asked) == 1


def test_an_exporter_that_falters_is_asked_again_and_one_that_is_away_is_told(tmp_path: Path) -> None:
    with serving() as exporter:
        exporter.faults = [(503, {}), (503, {})]
        exporter.routes["/metrics"] = lambda _: PAGE
        found = scrape([exporter.url, f"{exporter.url}/away"], tmp_path, no_progress, lambda: NOON)
    assert len(found.paths) == 1
    (failure,) = found.failures
    assert "404" in failure
    assert "/away" in failure


def test_when_no_exporter_answers_it_fails(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"No exporter answered:\n.*127\.0\.0\.1:9/metrics"):
        scrape(["http://127.0.0.1:9"], tmp_path, no_progress, lambda: NOON)


@pytest.mark.parametrize("url", ["node-1:9400", "ftp://node-1/metrics", "http://", "http://node-1:none/metrics", ""])
def test_an_address_that_is_none_is_refused_before_anything_is_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInput, match="is no address of an exporter"):
        scrape([url], tmp_path, no_progress, lambda: NOON)


def test_no_exporter_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No exporter is named"):
        scrape([], tmp_path, no_progress, lambda: NOON)
