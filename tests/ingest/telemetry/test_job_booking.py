"""Jobs and nodes into Postgres: what is said again takes the place of what was said."""

import csv
import gzip
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Source
from app.db.tables.gpu import GpuJob, GpuNode, GpuNodeSpan
from app.domain.gpu.job import Job
from app.domain.gpu.node import NodeCondition, NodeInventory
from ingest.telemetry.inventory.jobs import csv_jobs
from ingest.telemetry.inventory.nodes import csv_nodes
from ingest.telemetry.job_booking import BookedJobs, book_jobs

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUN = Job("7", "RUNNING", 8, nodes=("n1",), node_count=1, submitted_at=NOON - HOUR, started_at=NOON)


class Scheduler:
    """A source of jobs, and deliveries from it."""

    def __init__(self, session: Session, name: str = "slurm") -> None:
        self.session = session
        self.source = Source(name=name, kind="sacct", config={})
        session.add(self.source)
        session.flush()

    def says(self, *records: Job | NodeInventory | NodeCondition) -> BookedJobs:
        return self.delivers(records)

    def delivers(self, records: Iterable[Job | NodeInventory | NodeCondition]) -> BookedJobs:
        delivery = Delivery(source_id=self.source.id, sha256="", format="sacct", files=[])
        self.session.add(delivery)
        self.session.flush()
        booked = book_jobs(self.session, self.source.id, delivery.id, records)
        self.session.expire_all()
        return booked

    def runs(self) -> list[tuple[str, str, datetime | None, datetime | None]]:
        found = self.session.scalars(select(GpuJob).order_by(GpuJob.job_id, GpuJob.started_at))
        return [(each.job_id, each.state, each.started_at, each.ended_at) for each in found]

    def down(self) -> list[tuple[datetime | None, datetime | None, str | None]]:
        found = self.session.scalars(select(GpuNodeSpan).order_by(GpuNodeSpan.starts_at))
        return [(each.starts_at, each.ends_at, each.reason) for each in found]


@pytest.fixture
def slurm(session: Session) -> Scheduler:
    return Scheduler(session)


def test_a_run_that_is_told_again_is_replaced(slurm: Scheduler) -> None:
    slurm.says(RUN)
    done = replace(RUN, state="COMPLETED", ended_at=NOON + HOUR)
    assert slurm.says(done, done) == BookedJobs(jobs=1, starts_at=NOON, ends_at=NOON + HOUR)
    assert slurm.runs() == [("7", "COMPLETED", NOON, NOON + HOUR)]
    assert slurm.session.scalars(select(GpuJob.nodes)).one() == ["n1"]


def test_a_job_that_waited_and_runs_does_not_wait_any_more(slurm: Scheduler) -> None:
    slurm.says(replace(RUN, state="PENDING", started_at=None))
    slurm.says(replace(RUN, state="PENDING", started_at=None))
    assert len(slurm.runs()) == 1
    slurm.says(RUN)
    assert slurm.runs() == [("7", "RUNNING", NOON, None)]


def test_a_job_that_runs_again_was_put_back(slurm: Scheduler) -> None:
    slurm.says(RUN)
    slurm.says(replace(RUN, started_at=NOON + HOUR))
    assert slurm.runs() == [("7", "REQUEUED", NOON, NOON + HOUR), ("7", "RUNNING", NOON + HOUR, None)]
    slurm.says(replace(RUN, state="NODE_FAIL", ended_at=NOON + HOUR / 2))  # as `sacct -D` tells
    assert slurm.runs()[0] == ("7", "NODE_FAIL", NOON, NOON + HOUR / 2)


def test_two_schedulers_may_use_the_same_ids(slurm: Scheduler, session: Session) -> None:
    slurm.says(RUN)
    Scheduler(session, "other").says(replace(RUN, state="FAILED", ended_at=NOON + HOUR))
    assert [state for _, state, *_ in slurm.runs()] == ["RUNNING", "FAILED"]


def test_a_node_is_down_from_when_it_was_found_to_when_it_is_up_again(slurm: Scheduler) -> None:
    slurm.says(NodeInventory("n1", 8, "a100"), NodeCondition("n1", NOON, True, NOON - HOUR, "down: fan"))
    slurm.says(NodeCondition("n1", NOON + HOUR, True, NOON - HOUR, "down: fan"))
    assert slurm.down() == [(NOON - HOUR, None, "down: fan")]
    booked = slurm.says(NodeCondition("n1", NOON + 2 * HOUR, False))
    assert (booked.nodes, booked.nodes_down) == (1, 0)
    assert slurm.down() == [(NOON - HOUR, NOON + 2 * HOUR, "down: fan")]
    slurm.says(NodeCondition("n1", NOON + 3 * HOUR, True))
    assert slurm.down()[1] == (NOON + 3 * HOUR, None, None)
    assert slurm.session.scalars(select(GpuNode)).one().boards == 8


def test_an_inventory_says_anew_what_it_knows(slurm: Scheduler) -> None:
    slurm.says(NodeInventory("n1", 8, "a100"))
    slurm.says(NodeInventory("n1", 4))
    node = slurm.session.scalars(select(GpuNode)).one()
    assert (node.boards, node.model) == (4, "a100")


def test_philly_s_gpu_hours_by_virtual_cluster(slurm: Scheduler, shared_data: Path) -> None:
    """As published: 978,078.5 GPU-hours in all, 256,112.2 of the virtual cluster ee9e8c."""
    rows = csv.DictReader(
        gzip.decompress((shared_data / "gpu/philly_jobs_pollux.csv.gz").read_bytes()).decode().splitlines()
    )
    lines = ["job_id,started_at,duration,gpus,team"]
    lines += [
        f"{n},{row['timestamp']},{row['duration']},{row['num_gpus']},{row['cluster']}" for n, row in enumerate(rows)
    ]
    told: list[tuple[int, str]] = []
    booked = slurm.delivers(csv_jobs(lines, "philly.csv", lambda *each: told.append(each)))
    assert (booked.jobs, told) == (82_247, [])
    hours = func.sum(GpuJob.gpus * func.extract("epoch", GpuJob.ended_at - GpuJob.started_at)) / 3600
    summed = select(GpuJob.team, hours.label("hours")).group_by(GpuJob.team)
    by_cluster = {row.team: row.hours for row in slurm.session.execute(summed)}
    assert len(by_cluster) == 15
    assert round(sum(by_cluster.values()), 1) == Decimal("978078.5")
    assert round(by_cluster["ee9e8c"], 1) == Decimal("256112.2")


def test_alibaba_s_nodes_have_their_gpus(slurm: Scheduler, shared_data: Path) -> None:
    rows = csv.DictReader((shared_data / "gpu/alibaba_v2023_nodes.csv").read_text().splitlines())
    lines = ["node,boards,model", *(f"{row['sn']},{row['gpu']},{row['model']}" for row in rows)]
    booked = slurm.delivers(csv_nodes(lines, "nodes.csv", lambda *_: None))
    assert booked.nodes == 1523
    nodes = slurm.session.scalars(select(GpuNode)).all()
    assert sum(node.boards or 0 for node in nodes) == 6212
    assert sum(1 for node in nodes if node.boards) == 1213
