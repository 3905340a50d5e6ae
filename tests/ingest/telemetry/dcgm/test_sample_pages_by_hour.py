"""The sample pages summed up by hour: what each board was doing, as `dcgm_sample_EXPECTED.json` says it."""

from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from ingest.engine.duckdb import engine
from ingest.files import SourceFile
from ingest.pipeline import no_progress
from ingest.telemetry.dcgm.kind import KIND
from ingest.telemetry.hours import hours_of_samples
from ingest.telemetry.kind import TelemetryOpening
from tests.ingest.telemetry.reading import NINE

Minutes = dict[tuple[str, int, str | None], dict[str, Any]]  # by board's letter and number, instance, and owner


@pytest.fixture(scope="module")
def hours(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Minutes:
    folder = tmp_path_factory.mktemp("hours")
    pages = sorted((shared_data / "gpu").glob("dcgm_sample_node_*.prom"))
    files = [SourceFile(page, page.name) for page in pages]
    with engine(Settings(data_dir=folder, threads=2), folder) as backend:
        opening = TelemetryOpening(backend, files, folder, no_progress, observed_at=NINE, settings=KIND.settings())
        hours_of_samples(backend, list(KIND.read(opening)))
        found = backend.raw_sql("SELECT * FROM gpu_hours")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {(_board(row), row["gpu_instance_id"], row["pod"] or row["job_id"]): row for row in rows}


def _board(row: dict[str, Any]) -> str:
    return f"{row['gpu_uuid'][11]}{row['gpu_uuid'][-1]}"


def states(hours: Minutes, board: str) -> dict[tuple[int, str | None], str]:
    """What each owner's minute is."""
    of_board = {(instance, owner): row for (each, instance, owner), row in hours.items() if each == board}
    kinds = ("unavailable", "suspect", "active", "observed")
    return {key: next((kind for kind in kinds if row[kind]), "device") for key, row in of_board.items()}


@pytest.mark.parametrize(
    ("board", "expected"),
    [
        ("a0", {(-1, "trainer-0"): "active"}),
        ("a1", {(-1, "notebook-ana-0"): "observed"}),  # held and idle
        ("a2", {(-1, None): "observed"}),  # unallocated
        ("a3", {(1, "serve-a-6d9f"): "active", (7, None): "observed", (9, "serve-b-77cc"): "observed"}),
        ("a4", {(-1, "etl-bound-0"): "active"}),
        ("a5", {(-1, "trainer-1"): "suspect"}),
        ("b0", {(-1, None): "device", (-1, "rank-0"): "active", (-1, "score-0"): "observed"}),
        ("b1", {(-1, None): "observed"}),
        ("b2", {(-1, "dra-job-0"): "active"}),
        ("c0", {(-1, "4711"): "active"}),
        ("c1", {(-1, "4712"): "active", (-1, "4713"): "active"}),
        ("c2", {(-1, None): "unavailable"}),
    ],
)
def test_each_board_did_what_is_expected(
    hours: Minutes, board: str, expected: dict[tuple[int, str | None], str]
) -> None:
    assert states(hours, board) == expected


def test_energy_counts_once_a_board(hours: Minutes) -> None:
    counted = [board for (board, _, _), row in hours.items() if row["energy_mj"] is not None]
    assert len(counted) == len(set(counted)) == 12
