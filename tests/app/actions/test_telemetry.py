"""Telemetry that is handed over and posted: who may, where it goes, and what is on record of it."""

from pathlib import Path
from typing import Any

import pytest

from app.actions.telemetry import ingest_telemetry_paths, post_samples
from app.db.tables.access import AuditEntry
from app.db.tables.bills import Delivery, Source
from app.domain.gpu.minutes import WHOLE_HOUR, span
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, Conflict, NotAllowed
from tests.ingest.telemetry.places import Telemetry
from tests.ingest.telemetry.sample_rows import samples, write_samples
from tests.trueup import Trueup, last_delivery

BUSY: dict[str, Any] = {"sm_active_ratio": 1.0}


@pytest.fixture
def telemetry(trueup: Trueup, tmp_path: Path) -> Telemetry:
    return Telemetry(trueup, tmp_path / "telemetry")


def test_a_new_name_adds_a_source_and_is_audited(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(60), **BUSY))
    assert [(source.name, source.kind) for source in telemetry.trueup.all(Source)] == [("cluster", "samples")]
    entry = telemetry.trueup.all(AuditEntry)[-1]
    assert (entry.action, entry.target, entry.details["rows"]) == ("ingest.telemetry", "cluster", 60)


def test_a_mistyped_path_adds_no_source(telemetry: Telemetry, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        telemetry.hands_over(tmp_path / "nowhere.parquet")
    assert telemetry.trueup.all(Source) == []


def test_a_source_keeps_its_format(telemetry: Telemetry, tmp_path: Path) -> None:
    telemetry.says(samples(range(60), **BUSY))
    with pytest.raises(BadInput, match="reads samples files, not dcgm"):
        telemetry.hands_over(tmp_path, file_format="dcgm")


def test_it_needs_the_scope(telemetry: Telemetry, tmp_path: Path) -> None:
    file = write_samples(tmp_path / "a.parquet", samples([1], **BUSY))
    bound, config = telemetry.trueup.engine, telemetry.trueup.config
    poster = Viewer("agent", frozenset({Scope.WRITE_TELEMETRY}))
    with pytest.raises(NotAllowed, match="write:ingest"):
        ingest_telemetry_paths(bound, poster, config, [file], source_name="x")
    with pytest.raises(NotAllowed, match="write:telemetry"):
        post_samples(bound, Viewer("reader", frozenset({Scope.READ_COSTS})), config, "x", samples([1], **BUSY))
    assert post_samples(bound, poster, config, "x", samples([1], **BUSY)).hours.facts == 1


def test_posts_add_to_their_hour(telemetry: Telemetry) -> None:
    for minute in range(0, 60, 20):
        outcome = telemetry.posts(samples(range(minute, minute + 20), **BUSY))
        assert outcome.hours.begins_hour == (minute == 0)
    assert telemetry.facts("observed", "sample_count") == [(WHOLE_HOUR, 60)]


def test_a_post_counts_once(telemetry: Telemetry) -> None:
    rows = samples(range(20), **BUSY)
    telemetry.posts(rows)
    assert telemetry.posts(rows).unchanged
    telemetry.posts(samples(range(10, 30), **BUSY))
    assert telemetry.facts("observed", "sample_count") == [(span(0, 30), 30)]


def test_a_key_stands_for_one_post(telemetry: Telemetry) -> None:
    rows = samples(range(20), **BUSY)
    telemetry.posts(rows, key="k1")
    telemetry.posts(samples(range(60), sm_active_ratio=0.0))  # tells all of it anew
    assert telemetry.posts(rows, key="k1").unchanged
    assert telemetry.facts("active") == [(0,)]
    with pytest.raises(Conflict, match="under the key k1"):
        telemetry.posts(samples(range(5), **BUSY), key="k1")
    assert (last_delivery(telemetry.trueup).state, len(telemetry.trueup.all(Delivery))) == ("loaded", 2)


def test_samples_are_posted_to_sources_of_samples_only(telemetry: Telemetry, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("job_id,gpus,started_at,ended_at,state\n1,8,2026-03-02T10:00:00Z,2026-03-02T11:00:00Z,COMPLETED\n")
    telemetry.hands_over(jobs, source="slurm", file_format="jobs")
    with pytest.raises(BadInput, match="Post samples under another name"):
        telemetry.posts(samples([1], **BUSY), source="slurm")
