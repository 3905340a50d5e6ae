"""Findings about jobs: those that fail late and lose what they have done."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from app.domain.gpu.findings.rule import FailedRun, Found, WasteOfDay, Window
from app.domain.gpu.findings.rules import LATE_FAILURE
from app.domain.gpu.states import WasteState
from app.domain.money import EXACT, ZERO, plain, total

_RUNS_NAMED = 20


def job_findings(window: Window) -> Iterator[Found]:
    """Jobs of one kind whose late failures together lost much."""
    limits = LATE_FAILURE.thresholds
    by_key: defaultdict[str, list[FailedRun]] = defaultdict(list)
    for run in window.failures:
        if run.ran_hours >= limits["ran_hours"] and run.lost_gpu_hours:
            by_key[run.key].append(run)
    for key, runs in sorted(by_key.items()):
        lost = total(run.lost_gpu_hours for run in runs)
        if lost >= limits["lost_gpu_hours"]:
            yield _found(window, key, runs, lost)


def _found(window: Window, key: str, runs: Sequence[FailedRun], lost: Decimal) -> Found:
    days = [run.ended_at.date() for run in runs]
    jobs = {run.job_id for run in runs}
    paid = [row for row in window.waste if row.state is WasteState.FAILED and _job_of(window, row) in jobs]
    currency = max(
        (row.currency for row in paid), key=lambda each: total(r.cost for r in paid if r.currency == each), default=None
    )
    cost = total(row.cost for row in paid if row.currency == currency) if paid else None
    return Found(
        rule=LATE_FAILURE.name,
        subject=key,
        starts_on=min(days),
        ends_on=max(days),
        evidence={
            "lost_gpu_hours": plain(lost),
            "runs": len(runs),
            "states": sorted({run.state for run in runs}),
            "jobs": sorted(jobs)[:_RUNS_NAMED],
            "days": _by_day(runs),
        },
        team_id=next((run.team_id for run in runs if run.team_id), None),
        currency=currency,
        capacity=cost,
    )


def _job_of(window: Window, row: WasteOfDay) -> str | None:
    return window.owners[row.owner_id].job_id if row.owner_id in window.owners and row.owner_id is not None else None


def _by_day(runs: Sequence[FailedRun]) -> list[dict[str, str]]:
    found: dict[date, Decimal] = {}
    for run in runs:
        day = run.ended_at.date()
        found[day] = EXACT.add(found.get(day, ZERO), run.lost_gpu_hours)
    return [{"day": str(day), "gpu_hours": plain(hours)} for day, hours in sorted(found.items())]
