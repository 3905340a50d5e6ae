"""Hourly facts in PostgreSQL: what a source says again, what comes late, and what a crash leaves."""

from pathlib import Path
from typing import Any

import pytest

import ingest.telemetry.pipeline
from app.db.tables.bills import Delivery, QuarantinedRow
from app.db.tables.gpu import GpuBoard, GpuNode, GpuOwner
from app.domain.gpu.minutes import WHOLE_HOUR, span
from app.errors import BadInput, NotFound
from tests.ingest.telemetry.places import Telemetry
from tests.ingest.telemetry.sample_rows import at, samples
from tests.trueup import Trueup, last_delivery

BUSY: dict[str, Any] = {
    "sm_active_ratio": 1.0,
    "hostname": "node-1",
    "model": "NVIDIA H100 80GB HBM3",
    "fb_total_mib": 81559.0,
}
IDLE: dict[str, Any] = {**BUSY, "sm_active_ratio": 0.0}


@pytest.fixture
def telemetry(trueup: Trueup, tmp_path: Path) -> Telemetry:
    return Telemetry(trueup, tmp_path / "telemetry")


def test_facts_name_board_node_and_owner(telemetry: Telemetry) -> None:
    outcome = telemetry.says(samples(range(60), pod="a", **BUSY) + samples(range(30), "GPU-2", **IDLE))
    assert (outcome.rows_in, outcome.hours.facts, outcome.hours.boards) == (90, 2, 2)
    assert telemetry.facts("hour", "gpu_uuid", "owner", "node", "observed", "active", "sample_count") == [
        (at(0), "GPU-1", "a", "node-1", WHOLE_HOUR, WHOLE_HOUR, 60),
        (at(0), "GPU-2", None, "node-1", span(0, 30), 0, 30),
    ]
    board = telemetry.trueup.all(GpuBoard)[0]
    assert (board.model, board.accelerator, board.fb_total_mib) == ("NVIDIA H100 80GB HBM3", "H100-SXM5-80GB", 81559.0)
    delivery = last_delivery(telemetry.trueup)
    assert (delivery.state, delivery.format, delivery.rows_in, delivery.rows_quarantined) == (
        "loaded",
        "samples",
        90,
        0,
    )


def test_the_same_bytes_again_change_nothing(telemetry: Telemetry) -> None:
    rows = samples(range(60), **BUSY)
    telemetry.says(rows)
    version, facts = telemetry.trueup.version(), telemetry.facts("observed", "delivery_id")
    assert telemetry.says(rows).unchanged
    assert (telemetry.trueup.version(), telemetry.facts("observed", "delivery_id")) == (version, facts)
    assert len(telemetry.trueup.all(Delivery)) == 1


def test_what_is_said_again_takes_the_place_of_what_was_said(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(60), pod="a", **BUSY) + samples(range(60), "GPU-2", pod="a", **BUSY))
    outcome = telemetry.says(samples(range(60), pod="b", **IDLE))
    assert outcome.hours.replaced == 1
    assert telemetry.facts("gpu_uuid", "owner", "active") == [("GPU-1", "b", 0), ("GPU-2", "a", WHOLE_HOUR)]


def test_a_delivery_that_was_overtaken_counts_when_it_comes_again(telemetry: Telemetry) -> None:
    first, second = samples(range(60), **BUSY), samples(range(60), **IDLE)
    telemetry.says(first)
    telemetry.says(second)
    assert not telemetry.says(first).unchanged
    assert telemetry.facts("active") == [(WHOLE_HOUR,)]


def test_a_file_that_splits_an_hour_loses_none_of_it(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(25), **BUSY))
    outcome = telemetry.says(samples(range(25, 60), **IDLE))
    assert outcome.rows_in == 35
    assert telemetry.facts("observed", "active", "sample_count", "activity_avg") == [
        (WHOLE_HOUR, span(0, 25), 60, pytest.approx(25 / 60))
    ]


def test_late_minutes_are_counted_once_and_the_newer_wins(telemetry: Telemetry) -> None:
    telemetry.says(samples([*range(20), *range(30, 60)], pod="a", **BUSY))
    telemetry.says(samples(range(15, 30), pod="b", **IDLE))
    assert telemetry.facts("owner", "observed", "active", "sample_count") == [
        ("a", span(0, 15) | span(30, 60), span(0, 15) | span(30, 60), 45),
        ("b", span(15, 30), 0, 15),
    ]


def test_a_third_delivery_has_what_the_first_said(telemetry: Telemetry) -> None:
    for part in (range(20), range(20, 40), range(40, 60)):
        telemetry.says(samples(part, **BUSY) + samples(part, "GPU-2", gpu_instance_id=1, gr_engine_active_ratio=0.5))
    assert telemetry.facts("gpu_uuid", "observed", "sample_count") == [
        ("GPU-1", WHOLE_HOUR, 60),
        ("GPU-2", WHOLE_HOUR, 60),
    ]


def test_pieces_come_to_what_the_whole_does(telemetry: Telemetry) -> None:
    """Whatever the order and the overlap: as if one delivery had said it all."""
    rows = [
        {**row, "energy_mj": 100.0 * row["timestamp"].minute, "sm_active_ratio": row["timestamp"].minute % 4 / 4}
        for board in ("GPU-1", "GPU-2")
        for row in samples(range(150), board, **BUSY)
    ]
    for piece in (rows[100:180], rows[:120], rows[170:]):
        telemetry.says(piece)
    telemetry.says(rows, source="other")
    names = ("hour", "gpu_uuid", "observed", "active", "sample_count", "activity_avg", "energy_mj")
    facts = telemetry.facts(*names)
    assert len(facts) == 2 * 2 * 3  # boards, sources, hours
    assert facts[::2] == facts[1::2]


def test_another_source_of_the_same_board_stands_beside_it(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(60), **BUSY))
    telemetry.says(samples(range(60), **IDLE), source="other")
    assert sorted(telemetry.facts("active")) == [(0,), (WHOLE_HOUR,)]


def test_late_telemetry_does_not_move_a_board_back(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(60), hostname="new", sm_active_ratio=1.0))
    telemetry.says([{**row, "timestamp": at(0, -5)} for row in samples(range(1), hostname="old", sm_active_ratio=1.0)])
    nodes = {node.id: node.name for node in telemetry.trueup.all(GpuNode)}
    assert [nodes[board.node_id] for board in telemetry.trueup.all(GpuBoard)] == ["new"]


def test_owners_are_known_once(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(60), pod="a", **BUSY))
    telemetry.says(samples(range(60, 120), pod="a", **BUSY) + samples(range(60, 120), "GPU-2", pod="a", team="x"))
    assert sorted((each.pod, each.team or "") for each in telemetry.trueup.all(GpuOwner)) == [("a", ""), ("a", "x")]


def test_a_crash_leaves_the_facts_as_they_were(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry.says(samples(range(60), **BUSY))
    before, version = telemetry.facts("active", "delivery_id"), telemetry.trueup.version()

    def crash(*_: object) -> None:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr(ingest.telemetry.pipeline, "_record", crash)
    with pytest.raises(RuntimeError):
        telemetry.says(samples(range(60), **IDLE))
    assert (telemetry.facts("active", "delivery_id"), telemetry.trueup.version()) == (before, version)
    assert telemetry.trueup.deliveries("cluster")[-1] == ("refused", "failed: RuntimeError('pulled the plug')")
    monkeypatch.undo()
    telemetry.says(samples(range(60), **IDLE))
    assert telemetry.facts("active") == [(0,)]


def test_what_cannot_be_read_is_refused_with_its_reason(telemetry: Telemetry, tmp_path: Path) -> None:
    page = tmp_path / "page.csv"
    page.write_text("timestamp,gpu_uuid,power_watts\n2026-03-02T12:00:00Z,GPU-1,lots\n2026-03-02T12:01:00Z,GPU-1,70\n")
    outcome = telemetry.hands_over(page)
    assert (outcome.rows_in, outcome.refused) == (2, 1)
    (row,) = telemetry.trueup.all(QuarantinedRow)
    assert (row.file, row.row_number) == ("page.csv", 2)
    assert "power_watts" in row.reason
    page.write_text("timestamp,gpu_uuid\nnever,GPU-1\n")
    with pytest.raises(BadInput, match=r"page\.csv has no row that can be used"):
        telemetry.hands_over(page)
    assert telemetry.trueup.deliveries("cluster")[-1][0] == "refused"


def test_earlier_samples_that_are_gone_are_asked_for(telemetry: Telemetry) -> None:
    telemetry.says(samples(range(25), **BUSY))
    for file in (telemetry.trueup.config.archive_dir / "cluster").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(NotFound, match="later telemetry of the same hours needs it"):
        telemetry.says(samples(range(25, 60), **BUSY))
    assert telemetry.facts("observed") == [(span(0, 25),)]
