"""A scheduler's job: what it asked for, when it ran, how it ended; and what that comes to in GPU-hours."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

_SECONDS_PER_HOUR = Decimal(3600)
_MICROSECONDS = Decimal(1_000_000)


class Outcome(StrEnum):
    """What became of a job. A job's outcome weighs by its GPU-hours: most failed jobs fail early and cost little."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"  # by its user or an administrator
    FAILED = "failed"  # by itself, its limits, or its node
    RUNNING = "running"
    WAITING = "waiting"  # and has not run yet


# How jobs end that did not do what they were meant to. Source: Slurm, `man sacct`, JOB STATE CODES.
FAILED_STATES = frozenset({"FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE"})
# Of those, the ones that the platform answers for.
PLATFORM_STATES = frozenset({"NODE_FAIL", "BOOT_FAIL"})
_RUNNING = frozenset({"RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STAGE_OUT", "SIGNALING", "STOPPED"})
_WAITING = frozenset({"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"})
_CANCELLED = frozenset({"CANCELLED", "PREEMPTED", "REVOKED"})
JOB_STATES = FAILED_STATES | _RUNNING | _WAITING | _CANCELLED | {"COMPLETED", "RESIZING"}


@dataclass(frozen=True)
class Job:
    """A run of a scheduler's job. A job that is put back into the queue runs again, with the same id."""

    job_id: str
    state: str  # one of JOB_STATES
    gpus: int  # of all its nodes together
    name: str | None = None
    user_name: str | None = None
    account: str | None = None
    partition: str | None = None
    team: str | None = None
    nodes: tuple[str, ...] = ()
    node_count: int = 0
    submitted_at: datetime | None = None
    started_at: datetime | None = None  # None: it never ran
    ended_at: datetime | None = None  # None: it runs, or never ran
    checkpoint_at: datetime | None = None  # the last moment whose work is kept

    @property
    def elapsed(self) -> timedelta | None:
        """How long it ran; None while it runs, zero if it never did."""
        if self.started_at is None:
            return timedelta()
        return None if self.ended_at is None else self.ended_at - self.started_at


def outcome(state: str, *, has_run: bool = True) -> Outcome:
    """What a job's state means for the time it took.

    A job that is put back into the queue (`REQUEUED`) ran, and did not finish: its time is cancelled.
    """
    if state in FAILED_STATES:
        return Outcome.FAILED
    if state in _RUNNING or state == "RESIZING":
        return Outcome.RUNNING
    if state in _WAITING:
        return Outcome.CANCELLED if has_run and state != "PENDING" else Outcome.WAITING
    return Outcome.CANCELLED if state in _CANCELLED else Outcome.COMPLETED


def gpu_hours(gpus: int, elapsed: timedelta) -> Decimal:
    """GPUs times elapsed time, in GPU-hours. Whole microseconds; the division is Decimal's, at its precision."""
    microseconds = elapsed // timedelta(microseconds=1)
    return gpus * Decimal(microseconds) / _MICROSECONDS / _SECONDS_PER_HOUR


def gpu_hours_by_day(job: Job, *, until: datetime) -> dict[date, Decimal]:
    """A job's GPU-hours on each UTC day it ran; one that still runs counts up to `until`."""
    if job.started_at is None:
        return {}
    at, end = job.started_at.astimezone(UTC), (job.ended_at or until).astimezone(UTC)
    by_day = {}
    while at < end:
        midnight = datetime.combine(at.date() + timedelta(days=1), datetime.min.time(), UTC)
        by_day[at.date()] = gpu_hours(job.gpus, min(midnight, end) - at)
        at = midnight
    return by_day
