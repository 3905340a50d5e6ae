"""Facts of boards with what their neighbours, jobs and the policy say of them: the workloads of the waterfall."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from app.chargeback.gpu_hours import WorkloadTeams
from app.db.queries.gpu_waterfall import FailedJob, instant
from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.failures import NOTHING_LOST, Lost, LostWork, lost
from app.domain.gpu.hour import Owner
from app.domain.gpu.job import PLATFORM_STATES
from app.domain.gpu.minutes import MINUTES
from app.domain.gpu.runs import Held, Run, held, runs
from app.domain.gpu.settings import GpuPolicy, WasteThresholds
from app.domain.gpu.starts import starting
from app.domain.policy import Policy

_NOT_HELD = Held(0, 0)
_FOR_EVER = 1 << 40  # minutes


class Whose(NamedTuple):
    """The team of a workload, and its thresholds."""

    team_id: str | None
    thresholds: WasteThresholds


@dataclass
class Workloads:
    """Makes workloads of facts, under one policy."""

    policy: Policy | None
    owners: Mapping[int, Owner]
    node_names: Mapping[int, str]
    down: Mapping[tuple[int, int], int]  # minutes by node and hour
    lost_work: Mapping[int, Sequence[LostWork]]  # by owner
    _whose: dict[tuple[int, int], Whose] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._teams = WorkloadTeams(self.policy)
        self._gpu = (self.policy and self.policy.gpu) or GpuPolicy()

    def whose(self, owner_id: int | None, hour: int) -> Whose:
        """The team of an owner on the day of an hour, with its thresholds."""
        if owner_id is None:
            return Whose(None, self._gpu.thresholds)
        key = owner_id, hour // 24
        found = self._whose.get(key)
        if found is None:
            team = self._teams.team(self.owners[owner_id], day_of(hour))
            found = self._whose[key] = Whose(team, self._gpu.of(team))
        return found

    def of_board(self, facts: Iterable[BoardHour]) -> Iterator[Workload]:
        """The workloads of one board, whose facts come by hour."""
        told = [fact for _, here in groupby(facts, _HOUR) for fact in best_source(list(here))]
        places: defaultdict[int, list[BoardHour]] = defaultdict(list)
        for fact in told:
            places[fact.gpu_instance_id].append(fact)
        for of_place in places.values():
            yield from self._of_place(of_place)

    def _of_place(self, facts: Sequence[BoardHour]) -> Iterator[Workload]:
        hours = [list(here) for _, here in groupby(facts, _HOUR)]
        starts = starting(hours, lambda owner, hour: self.whose(owner, hour).thresholds.starting_minutes)
        kept = self._held(facts)
        for fact in facts:
            owner = fact.owner_id
            team, thresholds = self.whose(owner, fact.hour)
            if owner is None:
                yield Workload(fact, thresholds)
                continue
            waiting = kept[owner].get(fact.hour, _NOT_HELD)
            gone = self._lost(fact) if self.lost_work else NOTHING_LOST
            yield Workload(
                fact, thresholds, team, starts.get((fact.hour, owner), 0), *waiting, gone.minutes, gone.with_node
            )

    def _held(self, facts: Iterable[BoardHour]) -> dict[int, dict[int, Held]]:
        """What each owner of a place holds idle, by hour."""
        idle: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for fact in facts:
            if fact.owner_id is not None:
                idle[fact.owner_id].append((fact.hour, fact.idle & ~self.down.get((fact.node_id, fact.hour), 0)))
        return {owner: held(runs(hours), partial(self._idle_minutes, owner)) for owner, hours in idle.items()}

    def _idle_minutes(self, owner: int, run: Run) -> int:
        return self.whose(owner, run.start // MINUTES).thresholds.idle_minutes

    def _lost(self, fact: BoardHour) -> Lost:
        work = self.lost_work.get(fact.owner_id) if fact.owner_id is not None else None
        return lost(work, fact.hour, self.node_names.get(fact.node_id)) if work else NOTHING_LOST


def best_source(facts: list[BoardHour]) -> list[BoardHour]:
    """Of the facts of a board and hour, those of the source that observed more minutes; of several, the oldest."""
    if len(facts) == 1 or facts[0].source_id == facts[-1].source_id:
        return facts
    observed: dict[int, int] = {}
    for fact in facts:
        observed[fact.source_id] = observed.get(fact.source_id, 0) | fact.observed
    best = max(observed, key=lambda source: (observed[source].bit_count(), -source))
    return [fact for fact in facts if fact.source_id == best]


def lost_by_owner(owners: Mapping[int, Owner], jobs: Iterable[FailedJob]) -> dict[int, list[LostWork]]:
    """What the jobs that failed lost, by owner of a workload that names one of them."""
    by_job: defaultdict[str, list[LostWork]] = defaultdict(list)
    for job in jobs:
        end = _FOR_EVER if job.ended_at is None else -(-_seconds(job.ended_at) // 60)
        start = _seconds(max(job.checkpoint_at or job.started_at, job.started_at)) // 60
        by_job[job.job_id].append(LostWork(start, end, frozenset(job.nodes), job.state in PLATFORM_STATES))
    return {
        key: by_job[owner.job_id]
        for key, owner in owners.items()
        if owner.job_id is not None and owner.job_id in by_job
    }


def day_of(hour: int) -> date:
    """The UTC day of an hour since 1970."""
    return instant(hour).date()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


_HOUR = attrgetter("hour")
