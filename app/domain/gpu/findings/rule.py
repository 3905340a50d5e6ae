"""What a rule of GPU findings is, what it looks at, and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from app.domain.gpu.hour import Owner
from app.domain.gpu.states import WasteState


@dataclass(frozen=True)
class FindingRule:
    """A kind of waste that somebody can do something about. Everything about it is data, thresholds too."""

    name: str
    title: str
    summary: str
    action: str  # what to do about it
    thresholds: Mapping[str, float]
    false_positives: tuple[str, ...]  # when it fires and nothing is wrong; each is a reason to exempt it


@dataclass(frozen=True)
class WasteOfDay:
    """What a workload, or nobody, had of a node on a UTC day in one state; costs in one currency."""

    day: date
    state: WasteState
    hours: Decimal  # GPU-hours
    cost: Decimal  # effective
    capacity: Decimal  # recoverable as capacity
    bill: Decimal  # recoverable on the bill
    currency: str
    team_id: str | None = None
    node_id: int | None = None
    owner_id: int | None = None
    accelerator: str | None = None


@dataclass(frozen=True)
class WorkloadFacts:
    """What telemetry measured of a workload on one accelerator in the window; a measure nobody took is None."""

    owner_id: int
    accelerator: str | None
    observed_hours: float
    active_hours: float
    fb_total_mib: float | None = None
    fb_used_mib_max: float | None = None
    activity_avg: float | None = None  # over its active hours, 0-1
    activity_peak: float | None = None  # the highest mean of an hour
    activity_max: float | None = None  # the highest sample
    dram_active_avg: float | None = None
    busy_hours: float = 0  # board-hours that say busy, with no tensor activity and memory that does not move …
    busy_watts: float | None = None  # … and the power in them


@dataclass(frozen=True)
class FailedRun:
    """A run of a job that failed, with the GPU-hours of work that were lost with it."""

    key: str  # whose: the same script of the same user, run after run
    job_id: str
    state: str
    ran_hours: float
    lost_gpu_hours: Decimal
    ended_at: datetime
    team_id: str | None = None


@dataclass(frozen=True)
class Place:
    """A node's boards."""

    name: str
    boards: int


@dataclass(frozen=True)
class Smaller:
    """The cheapest accelerator that a workload would fit on, and what its hour costs against the one in use."""

    name: str
    price_ratio: Decimal  # 0-1


@dataclass(frozen=True)
class Window:
    """All that the rules look at: the UTC days from `start` to `last`, the last one that telemetry tells of."""

    start: date
    last: date
    waste: tuple[WasteOfDay, ...] = ()
    facts: tuple[WorkloadFacts, ...] = ()
    failures: tuple[FailedRun, ...] = ()
    owners: Mapping[int, Owner] = field(default_factory=dict)
    places: Mapping[int, Place] = field(default_factory=dict)
    waiting_jobs: int = 0  # jobs that waited for GPUs in the window
    idle_watts: Mapping[str, int] = field(default_factory=dict)  # by accelerator
    smaller: Mapping[int, Smaller] = field(default_factory=dict)  # by workload, where there is one


@dataclass(frozen=True)
class Found:
    """Something that a rule found. `evidence` is JSON: `days`, by day, and the measures that tell."""

    rule: str
    subject: str  # told apart from every other of the rule, and the same in the next window
    starts_on: date
    ends_on: date  # the last day of it
    evidence: Mapping[str, object]
    team_id: str | None = None
    node_id: int | None = None
    owner_id: int | None = None
    currency: str | None = None
    capacity: Decimal | None = None  # recoverable
    bill: Decimal | None = None
