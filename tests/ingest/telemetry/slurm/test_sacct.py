"""Jobs from `sacct -P`."""

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.domain.gpu.job import Job
from app.errors import BadInput
from ingest.telemetry.moments import duration
from ingest.telemetry.slurm.sacct import sacct_jobs

HEADER = "JobIDRaw|User|Account|Partition|QOS|State|Submit|Start|End|ElapsedRaw|NNodes|NodeList|AllocTRES|JobName"
EXAMPLE = (
    "165381|noror|chaff|gpu|normal|COMPLETED|1767225600|1767225660|1767232860|7200|2|gpu[01-02]"
    "|billing=64,cpu=64,gres/gpu:a100=8,gres/gpu=8,mem=512G,node=2|train|a"
)
START = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


def jobs_of(*lines: str, zone: str = "UTC") -> tuple[list[Job], list[tuple[int, str]]]:
    """The jobs in the lines, and what was told of the others."""
    told: list[tuple[int, str]] = []
    found = list(sacct_jobs(lines, "jobs.psv", lambda row, reason: told.append((row, reason)), ZoneInfo(zone)))
    return found, told


def line(**cells: str) -> str:
    """The example, with some cells as a test wants them."""
    names = HEADER.lower().split("|")
    parts = dict(zip(names, EXAMPLE.split("|", len(names) - 1), strict=True))
    return "|".join((parts | cells).values())


def only(jobs: Sequence[Job]) -> Job:
    assert len(jobs) == 1
    return jobs[0]


@pytest.mark.parametrize(
    "lines", [(HEADER, EXAMPLE), (EXAMPLE,), (HEADER + "|", EXAMPLE + "|"), ("", HEADER, "", EXAMPLE)]
)
def test_a_job_is_read_with_a_header_and_without(lines: Sequence[str]) -> None:
    jobs, told = jobs_of(*lines)
    assert only(jobs) == Job(
        job_id="165381",
        state="COMPLETED",
        gpus=8,
        name="train|a",
        user_name="noror",
        account="chaff",
        partition="gpu",
        nodes=("gpu01", "gpu02"),
        node_count=2,
        submitted_at=datetime(2026, 1, 1, tzinfo=UTC),
        started_at=START,
        ended_at=START + timedelta(hours=2),
    )
    assert not told


def test_the_fields_may_stand_in_any_order() -> None:
    jobs, _ = jobs_of(
        "JobID|JobName|Start|End|State|AllocGRES|NNodes", "7|a|b|2026-01-01T00:00:00|2026-01-01T01:00:00|FAILED|gpu:2|3"
    )
    assert (only(jobs).name, only(jobs).gpus, only(jobs).state) == ("a|b", 6, "FAILED")


def test_who_cancelled_a_job_is_not_part_of_its_state() -> None:
    assert only(jobs_of(HEADER, line(state="CANCELLED by 380693"))[0]).state == "CANCELLED"


def test_a_job_that_runs_has_no_end_and_one_that_waits_no_start() -> None:
    running = only(jobs_of(HEADER, line(state="RUNNING", end="Unknown"))[0])
    assert (running.started_at, running.ended_at, running.elapsed) == (START, None, None)
    waiting = only(jobs_of(HEADER, line(state="PENDING", start="Unknown", end="Unknown", nodelist="None assigned"))[0])
    assert (waiting.started_at, waiting.nodes, waiting.gpus) == (None, (), 8)


def test_an_end_that_is_not_asked_for_follows_from_what_elapsed() -> None:
    jobs, _ = jobs_of("JobID|Start|Elapsed|State", "7|2026-01-01T00:01:00|1-02:00:00|COMPLETED")
    assert only(jobs).ended_at == START + timedelta(days=1, hours=2)


def test_times_are_of_the_cluster_s_zone() -> None:
    jobs, _ = jobs_of(HEADER, line(start="2026-07-01T02:00:00", end="2026-07-01T04:00:00"), zone="Europe/Berlin")
    assert only(jobs).started_at == datetime(2026, 7, 1, tzinfo=UTC)


def test_a_night_in_which_clocks_change_is_as_long_as_it_was() -> None:
    jobs, _ = jobs_of(HEADER, line(start="2026-03-29T00:00:00", end="2026-03-29T12:00:00"), zone="Europe/Berlin")
    assert only(jobs).elapsed == timedelta(hours=11)


def test_steps_are_no_jobs() -> None:
    jobs, told = jobs_of(HEADER, EXAMPLE, line(jobidraw="165381.batch"), line(jobidraw="165381.0"))
    assert len(jobs) == 1
    assert not told


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(start="yesterday"), "Start 'yesterday' is no moment"),
        (line(state="FINE"), "State 'FINE' is none that sacct has"),
        (line(nnodes="3"), "NNodes is 3, and NodeList names 2"),
        (line(nnodes="many"), "NNodes 'many' is no whole number"),
        (line(nodelist="gpu[01-"), "is cut off"),
        (line(end="1767225000"), "before it starts"),
        (line(end="Unknown", elapsedraw=""), "it is COMPLETED and has no End"),
        (line(jobidraw=""), "JobIDRaw is empty"),
        ("7|a|b", "it has 3 fields where 14 are expected"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_and_the_others_are_taken(bad: str, reason: str) -> None:
    jobs, told = jobs_of(HEADER, bad, EXAMPLE)
    assert len(jobs) == 1
    assert [row for row, _ in told] == [2]
    assert reason in told[0][1]


@pytest.mark.parametrize("first", ["name,gpus", "JobID|User", "a|b|c"])
def test_a_file_of_something_else_is_refused(first: str) -> None:
    with pytest.raises(BadInput, match=r"jobs\.psv"):
        jobs_of(first, EXAMPLE)


def test_a_real_month_of_jobs_reproduces_elapsed_times_nodes(shared_data: Path) -> None:
    text = gzip.decompress((shared_data / "gpu/slurm/openxdmod_phillips_sacct.psv.gz").read_bytes()).decode()
    jobs, told = jobs_of(*text.splitlines())
    assert not told
    assert len(jobs) == 4285
    for job, raw in zip(jobs, text.splitlines(), strict=True):
        cells = raw.split("|")
        elapsed = duration(cells[14], "Elapsed")
        assert job.elapsed == elapsed
        assert elapsed is not None
        assert elapsed * len(job.nodes) == elapsed * int(cells[17])
    assert [job.gpus for job in jobs if job.gpus] == [2, 2]


def test_a_real_file_of_job_arrays_is_read(shared_data: Path) -> None:
    jobs, told = jobs_of(*(shared_data / "gpu/slurm/openxdmod_job_arrays_sacct.psv").read_text().splitlines())
    assert (len(jobs), told) == (6, [])
    assert {job.node_count for job in jobs} == {32}
