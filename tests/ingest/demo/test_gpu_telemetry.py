"""The demo's GPU telemetry: its stories are in the samples, the same every time, and OpenMetrics says them too."""

import csv
import hashlib
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from app.domain.gpu.sample import SAMPLE_COLUMNS
from ingest.demo.gpu_telemetry import write_jobs, write_telemetry
from ingest.demo.open_metrics import METRICS, write_open_metrics

TODAY = date(2026, 11, 24)  # a Tuesday
DAYS = 3  # Saturday, Sunday, Monday


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_telemetry(tmp_path_factory.mktemp("samples"), today=TODAY, days=DAYS)


def asked(samples: list[Path], query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE VIEW samples AS SELECT * FROM read_parquet($1)".replace("$1", str([*map(str, samples)]))
        )
        return connection.execute(query).fetchall()


def test_samples_have_the_columns_of_samples_and_values_that_can_be_meant(samples: list[Path]) -> None:
    described = asked(samples, "DESCRIBE samples")
    assert [name for name, *_ in described] == [column.name for column in SAMPLE_COLUMNS]
    for column in SAMPLE_COLUMNS:
        if column.least is not None and column.most is not None:
            ((low, high),) = asked(samples, f"SELECT min({column.name}), max({column.name}) FROM samples")
            assert low is None or column.least <= low <= high <= column.most, column.name  # type: ignore[operator]


def test_the_same_day_gives_the_same_samples(samples: list[Path], tmp_path: Path) -> None:
    again = write_telemetry(tmp_path, today=TODAY, days=DAYS)
    assert [hashlib.sha256(path.read_bytes()).digest() for path in again] == [
        hashlib.sha256(path.read_bytes()).digest() for path in samples
    ]


STORIES = {
    "a forgotten node has no owner": "hostname = 'atlas-h100-03' AND pod IS NOT NULL",
    "a stuck exporter says zero": "hostname = 'atlas-b200-01' AND sm_active_ratio > 0",
    "speech's A100s do nothing at weekends": "hostname LIKE 'speech-a100-%' AND isodow >= 6 AND sm_active_ratio > 0",
    "nobody asks for models at night": "hostname LIKE 'serve-l40s-%' AND hour >= 22 AND sm_active_ratio > 0",
    "the old account has no exporter": "hostname LIKE 'old-v100-%'",
}


@pytest.mark.parametrize("story", STORIES)
def test_the_stories_are_told(samples: list[Path], story: str) -> None:
    timed = 'SELECT *, isodow("timestamp") AS isodow, hour("timestamp") AS hour FROM samples'
    assert asked(samples, f"SELECT count(*) FROM ({timed}) WHERE {STORIES[story]}") == [(0,)]
    turned = (
        STORIES[story].replace("> 0", "= 0").replace("IS NOT NULL", "IS NULL").replace("LIKE 'old-", "LIKE 'atlas-")
    )
    turned = turned.replace("atlas-v100-", "atlas-")
    assert asked(samples, f"SELECT count(*) > 0 FROM ({timed}) WHERE {turned}") == [(True,)]


def test_a_board_is_cut_into_instances(samples: list[Path]) -> None:
    parts = asked(
        samples, "SELECT DISTINCT mig_profile, pod IS NULL FROM samples WHERE gpu_instance_id <> -1 ORDER BY 1"
    )
    assert parts == [("1g.10gb", True), ("2g.20gb", False), ("3g.40gb", False)]


def test_a_stuck_exporter_draws_power_and_a_starved_training_little(samples: list[Path]) -> None:
    power: dict[str, float] = dict(asked(samples, "SELECT hostname, avg(power_watts) FROM samples GROUP BY ALL"))  # type: ignore[arg-type]
    assert power["atlas-b200-01"] > 700
    assert power["atlas-h100-01"] < 350


def test_the_jobs_of_a_node_are_in_its_samples_and_some_fail(samples: list[Path], tmp_path: Path) -> None:
    with write_jobs(tmp_path / "jobs.csv", today=TODAY, days=4).open(encoding="utf-8") as file:
        jobs = list(csv.DictReader(file))
    assert [job["state"] for job in jobs] == ["COMPLETED", "COMPLETED", "COMPLETED", "FAILED"]
    ids = asked(samples, "SELECT DISTINCT job_id FROM samples WHERE job_id IS NOT NULL ORDER BY 1")
    assert {job_id for (job_id,) in ids} == {"48100", "48101", "48102"}


def test_open_metrics_says_the_same_and_keeps_families_together(samples: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "dcgm.om"
    some = [path for path in samples if path.stem in {"tuning-a100-03", "notebook-t4-00"}]
    count = write_open_metrics(file, some)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "# EOF"
    families = [line.partition("{")[0] for line in lines if not line.startswith("#")]
    assert len(families) == count
    assert list(dict.fromkeys(families)) == list(METRICS)
    assert sorted(families, key=list(METRICS).index) == families
    first = next(line for line in lines if "GPU_I_ID" in line)
    assert re.fullmatch(r'DCGM_FI_PROF_SM_ACTIVE\{UUID="GPU-[0-9a-f-]+",GPU_I_ID="1",.*\} [0-9.]+ \d{10}', first)
    told = sum(float(line.split()[-2]) for line in lines if line.startswith("DCGM_FI_DEV_POWER_USAGE"))
    ((whole,),) = asked(some, "SELECT sum(power_watts) FROM samples")
    assert told == pytest.approx(whole)
