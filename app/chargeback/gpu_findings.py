"""GPU findings: what the rules find now, kept as findings; and what telemetry has proved gone, resolved."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func
from sqlalchemy.orm import Session

from app.chargeback.gpu_hours import WorkloadTeams
from app.chargeback.policies import policy_in_force
from app.db.gpu_catalogue import gpu_catalogue
from app.db.queries import gpu_findings as reading
from app.db.tables.gpu import GpuFinding, GpuJob
from app.domain.gpu.findings.evaluate import findings
from app.domain.gpu.findings.rule import FailedRun, Found, Smaller, Window, WorkloadFacts
from app.domain.gpu.findings.rules import QUIET_DAYS, WINDOW_DAYS
from app.domain.gpu.findings.smaller import smaller
from app.domain.gpu.findings.state import FindingState
from app.domain.gpu.hour import Owner
from app.domain.gpu.job import gpu_hours
from app.domain.period import next_month

# What tells the runs of one script apart: numbers and hashes in its name.
_RUN = re.compile(r"[-_.]?(?:[0-9a-f]{6,}|\d+)\b", re.IGNORECASE)


@dataclass(frozen=True)
class FindingsKept:
    """How many findings are new, were there before, and are gone."""

    new: int = 0
    standing: int = 0
    resolved: int = 0


def find(session: Session, periods: Iterable[date]) -> FindingsKept:
    """Brings the findings up to date with the waste and telemetry of the last days, when `periods` are about them.

    The last days are those up to the last that telemetry tells of: there is no clock in this. Waste is posted before.
    The caller holds `lock_posting`.
    """
    last = reading.last_day(session)
    if last is None:
        return FindingsKept()
    start = last - timedelta(days=WINDOW_DAYS - 1)
    if not any(start < next_month(period) and period <= last for period in periods):
        return FindingsKept()
    found = {(each.rule, each.subject): each for each in findings(_window(session, start, last))}
    standing = reading.standing_findings(session)
    for key, each in found.items():
        _keep(session, standing.get(key), each, last)
    resolved = _resolve(session, last, [each for key, each in standing.items() if key not in found])
    session.flush()
    return FindingsKept(len(found.keys() - standing.keys()), len(found.keys() & standing.keys()), resolved)


def _window(session: Session, start: date, last: date) -> Window:
    waste, facts = reading.waste_of_days(session, start, last), reading.workload_facts(session, start, last)
    owners = {row.owner_id for row in waste if row.owner_id is not None} | {each.owner_id for each in facts}
    catalogue = gpu_catalogue()
    named = {each.accelerator for each in facts if each.accelerator}
    watts = {name: gpu.idle_watts for name in named if (gpu := catalogue.accelerator(name)) and gpu.idle_watts}
    return Window(
        start=start,
        last=last,
        waste=waste,
        facts=facts,
        failures=_failures(session, start, last),
        owners=reading.owners_of(session, owners),
        places=reading.places(session),
        waiting_jobs=reading.waiting_jobs(session, start),
        idle_watts=watts,
        smaller=_smaller(facts, last),
    )


def _smaller(facts: Iterable[WorkloadFacts], day: date) -> dict[int, Smaller]:
    found = ((each.owner_id, smaller(gpu_catalogue(), each, day)) for each in facts)
    return {owner_id: fits for owner_id, fits in found if fits is not None}


def _failures(session: Session, start: date, last: date) -> tuple[FailedRun, ...]:
    applied = policy_in_force(session)
    teams = WorkloadTeams(applied.policy if applied else None)
    return tuple(_failed_run(job, teams) for job in reading.failed_jobs(session, start, last))


def _failed_run(job: GpuJob, teams: WorkloadTeams) -> FailedRun:
    assert job.started_at is not None
    assert job.ended_at is not None
    owner = Owner(job_id=job.job_id, user_name=job.user_name, account=job.account, team=job.team)
    kept = max(job.checkpoint_at or job.started_at, job.started_at)
    name = _RUN.sub("", job.name or "") or job.partition or "jobs"
    return FailedRun(
        key=" ".join(filter(None, (job.user_name or job.account or job.team, name))),
        job_id=job.job_id,
        state=job.state,
        ran_hours=(job.ended_at - job.started_at) / timedelta(hours=1),
        lost_gpu_hours=gpu_hours(job.gpus, max(job.ended_at - kept, timedelta())),
        ended_at=job.ended_at.astimezone(UTC),
        team_id=teams.team(owner, job.ended_at.astimezone(UTC).date()),
    )


def _keep(session: Session, row: GpuFinding | None, found: Found, last: date) -> None:
    starts_at, ends_at = _midnight(found.starts_on), _midnight(found.ends_on + timedelta(days=1))
    if row is None:
        row = GpuFinding(rule=found.rule, subject=found.subject, state=FindingState.OPEN, starts_at=starts_at)
        session.add(row)
    elif row.state == FindingState.EXEMPT and row.exempt_until is not None and row.exempt_until <= last:
        row.state, row.reason, row.exempt_until, row.changed_by = FindingState.OPEN, None, None, None
        row.changed_at = func.now()
    row.starts_at, row.ends_at = min(row.starts_at, starts_at), ends_at
    row.team_id, row.node_id, row.owner_id = found.team_id, found.node_id, found.owner_id
    row.billing_currency = found.currency
    row.recoverable_capacity_cost, row.recoverable_bill_cost = found.capacity, found.bill
    row.evidence = dict(found.evidence)


def _resolve(session: Session, last: date, gone: Iterable[GpuFinding]) -> int:
    """Resolves those of `gone` of whose node it is known that the last days were without them."""
    watched = reading.watched_nodes(session, last - timedelta(days=QUIET_DAYS - 1), last)
    count = 0
    for row in gone:
        if row.node_id is None or row.node_id in watched:
            row.state, row.resolved_at = FindingState.RESOLVED, func.now()
            count += 1
    return count


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))
