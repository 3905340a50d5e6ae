"""GPU-hours of schedulers' jobs."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.chargeback.applying import put_in_force
from app.db.tables.gpu import GpuJob
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput
from app.reports.gpu_jobs import JobsQuestion, gpu_jobs
from tests.app.gpu_books import GpuBooks

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MARCH = (date(2026, 3, 1), date(2026, 4, 1))


class Queue:
    """Jobs of a scheduler."""

    def __init__(self, session: Session) -> None:
        self.session, self.ids = session, GpuBooks(session)._telemetry()
        put_in_force(session, "name: house rules\nteams: [{id: search}, {id: speech}]\n", applied_by="test", periods=[])
        self.count = 0

    def job(
        self, state: str, hours: float | None, *, gpus: int = 1, start: datetime | None = NOON, **fields: object
    ) -> None:
        self.count += 1
        ended = start + hours * HOUR if start and hours is not None else None
        values = {"team": "search", "submitted_at": (start or NOON) - HOUR, **fields}
        self.session.add(
            GpuJob(
                source_id=self.ids[0], delivery_id=self.ids[1], job_id=str(self.count), nodes=[], node_count=1,
                gpus=gpus, started_at=start, ended_at=ended, state=state, **values,
            )
        )  # fmt: skip
        self.session.flush()

    def ask(self, *by: str, span: tuple[date, date] = MARCH, viewer: Viewer | None = None) -> dict[Any, Any]:
        report = gpu_jobs(self.session, viewer or operator(), JobsQuestion(*span, by))
        return {row.keys: (row.jobs, row.gpu_hours, row.waited_gpu_hours) for row in report.rows}


@pytest.fixture
def queue(session: Session) -> Queue:
    return Queue(session)


def test_gpu_hours_are_told_by_outcome(queue: Queue) -> None:
    queue.job("COMPLETED", 2, gpus=8)
    queue.job("OUT_OF_MEMORY", 1, gpus=2)
    queue.job("CANCELLED", 0.5)
    queue.job("RUNNING", None)  # up to the last moment that is known, two hours after it began
    queue.job("PENDING", None, gpus=4, start=None)  # for three hours
    queue.job("COMPLETED", 5, gpus=0)
    queue.job("COMPLETED", 2, gpus=0)
    assert queue.ask("outcome") == {
        ("completed",): (1, 16, 8),
        ("running",): (1, 5, 1),
        ("failed",): (1, 2, 2),
        ("cancelled",): (1, Decimal("0.5"), 1),
        ("waiting",): (1, 0, 24),
    }


def test_a_job_counts_with_the_part_that_lies_in_the_days(queue: Queue) -> None:
    queue.job("COMPLETED", 24, start=NOON)
    whole = queue.ask("team")["search",][1]
    halves = [queue.ask("team", span=span)["search",][1] for span in _halves(date(2026, 3, 3))]
    assert (whole, halves) == (24, [12, 12])


def _halves(middle: date) -> tuple[tuple[date, date], tuple[date, date]]:
    return (MARCH[0], middle), (middle, MARCH[1])


def test_a_viewer_sees_its_teams_alone(queue: Queue) -> None:
    queue.job("COMPLETED", 1)
    queue.job("COMPLETED", 2, team="speech")
    queue.job("COMPLETED", 4, team=None)
    search = Viewer("s", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
    assert queue.ask("team", viewer=search) == {("search",): (1, 1, 1)}
    assert queue.ask("team", "user") == {
        (None, None): (1, 4, 1),
        ("speech", None): (1, 2, 1),
        ("search", None): (1, 1, 1),
    }


@pytest.mark.parametrize(("span", "by"), [((MARCH[1], MARCH[0]), ("team",)), (MARCH, ("colour",))])
def test_a_question_that_cannot_be_answered_says_so(span: tuple[date, date], by: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        JobsQuestion(*span, by)


@pytest.mark.parametrize(
    ("cluster", "shares"),
    [
        ("Seren", ("0.212", "0.664", "0.124")),
        ("Kalos", ("0.313", "0.607", "0.080")),
        ("Philly", ("0.321", "0.294", "0.386")),
    ],
)
def test_acme_s_outcomes_by_gpu_time(queue: Queue, shared_data: Path, cluster: str, shares: tuple[str, ...]) -> None:
    """As published: what completed, was cancelled and failed, of all GPU time."""
    with (shared_data / "gpu/acme_cluster_summary.csv").open() as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == cluster)
    for state, column in (("COMPLETED", "complete"), ("CANCELLED", "cancel"), ("TIMEOUT", "fail")):
        gpus = 10_000  # so that GPU time of years fits into a month
        queue.job(
            state, float(row[f"{column}_gpu_time"]) / 3600 / gpus, gpus=gpus, start=datetime(2026, 3, 1, tzinfo=UTC)
        )
    span = (MARCH[0], date(2126, 3, 1))
    report = gpu_jobs(queue.session, operator(), JobsQuestion(*span))
    found = {row.keys[0]: row.share for row in report.rows}
    told = tuple(str(round(found[name] or Decimal(0), 3)) for name in ("completed", "cancelled", "failed"))
    assert told == shares
