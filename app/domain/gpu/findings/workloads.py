"""Findings about workloads: those that hold idle GPUs, use too large ones, wait for input, or hang."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from app.domain.gpu.findings.amounts import Amounts, amounts, share_of
from app.domain.gpu.findings.rule import FindingRule, Found, WasteOfDay, Window, WorkloadFacts
from app.domain.gpu.findings.rules import (
    HELD_MODEL,
    IDLE_NOTEBOOK,
    OVERSIZED_GPU,
    QUIET_DAYS,
    STARVED_TRAINING,
    SUSPECTED_HANG,
)
from app.domain.gpu.hour import Owner
from app.domain.gpu.states import WasteState
from app.domain.money import EXACT, total

# Names that interactive sessions go by: JupyterHub, Kubeflow, VS Code, Coder, RStudio.
_INTERACTIVE = re.compile(r"jupyter|notebook|vscode|code-server|workspace|rstudio|interactive", re.IGNORECASE)
_ESTIMATE = Decimal("0.000001")
_USED = frozenset({WasteState.INEFFICIENT, WasteState.PRODUCTIVE})


def workload_findings(window: Window) -> Iterator[Found]:
    """Everything that the rules about workloads find."""
    by_owner: defaultdict[int, list[WasteOfDay]] = defaultdict(list)
    for row in window.waste:
        if row.owner_id is not None:
            by_owner[row.owner_id].append(row)
    for owner_id, rows in sorted(by_owner.items()):
        yield from _idle(window, owner_id, rows)
    for facts in window.facts:
        rows = by_owner.get(facts.owner_id, [])
        yield from _oversized(window, facts, rows)
        yield from _starved(window, facts, rows)
        yield from _hung(window, facts, rows)


def subject_of(owner: Owner) -> str:
    """What a workload is called in a finding."""
    if owner.pod:
        return "/".join(filter(None, (owner.namespace, owner.pod, owner.container)))
    return " ".join(filter(None, (owner.job_id and f"job {owner.job_id}", owner.user_name, owner.account, owner.team)))


def _idle(window: Window, owner_id: int, rows: Sequence[WasteOfDay]) -> Iterator[Found]:
    """A session or a model that is held: hours of idle runs, and how much of all its hours they are."""
    owner = window.owners[owner_id]
    names = " ".join(filter(None, (owner.namespace, owner.pod, owner.container)))
    rule = IDLE_NOTEBOOK if _INTERACTIVE.search(names) else HELD_MODEL
    held = [row for row in rows if row.state is WasteState.IDLE_HELD]
    if not _is_recent(window, held):
        return
    found, hours = amounts(held), total(row.hours for row in rows)
    share = share_of(found.hours, hours)
    if found.hours >= rule.thresholds["idle_hours"] and share >= rule.thresholds["idle_share"]:
        measures = {"idle_share": round(share, 4), **_memory(window, owner_id)}
        yield _found(rule, window, owner_id, held, found, found.capacity, found.bill, measures)


def _oversized(window: Window, facts: WorkloadFacts, rows: Sequence[WasteOfDay]) -> Iterator[Found]:
    """A workload whose peaks of memory and activity fit on a cheaper GPU. What is reserved is taken for used."""
    limits, smaller = OVERSIZED_GPU.thresholds, window.smaller.get(facts.owner_id)
    used = [row for row in rows if row.state in _USED and row.accelerator == facts.accelerator]
    if smaller is None or facts.fb_used_mib_max is None or not facts.fb_total_mib or facts.activity_peak is None:
        return
    memory_share = facts.fb_used_mib_max / facts.fb_total_mib
    fits = memory_share <= limits["memory_share"] and facts.activity_peak <= limits["activity"]
    if not fits or facts.observed_hours < limits["observed_hours"] or not _is_recent(window, used):
        return
    saved = 1 - smaller.price_ratio
    if saved >= Decimal(str(limits["saving_share"])):
        found = amounts(used)
        measures = {
            "memory_share_max": round(memory_share, 4),
            "activity_peak": round(facts.activity_peak, 4),
            "accelerator": facts.accelerator,
            "smaller_accelerator": smaller.name,
            "saving_share": str(saved),
        }
        # Of the bill only if the nodes are given back, which nobody knows here.
        yield _found(
            OVERSIZED_GPU, window, facts.owner_id, used, found, EXACT.multiply(found.cost, saved), None, measures
        )


def _starved(window: Window, facts: WorkloadFacts, rows: Sequence[WasteOfDay]) -> Iterator[Found]:
    """Little activity on average and much at times, with little memory traffic: bursts, with waiting in between."""
    limits = STARVED_TRAINING.thresholds
    slow = [row for row in rows if row.state is WasteState.INEFFICIENT and row.accelerator == facts.accelerator]
    if facts.activity_avg is None or facts.activity_max is None or not _is_recent(window, slow):
        return
    bursts = facts.activity_avg < limits["activity_avg"] and facts.activity_max >= limits["activity_max"]
    is_memory_bound = facts.dram_active_avg is not None and facts.dram_active_avg >= limits["dram_avg"]
    found = amounts(slow)
    if bursts and not is_memory_bound and found.hours >= limits["inefficient_hours"]:
        average = Decimal(str(round(facts.activity_avg, 4)))
        measures = {"activity_avg": str(average), "activity_max": round(facts.activity_max, 4)}
        headroom = EXACT.multiply(found.cost, 1 - average)
        yield _found(STARVED_TRAINING, window, facts.owner_id, slow, found, headroom, None, measures)


def _hung(window: Window, facts: WorkloadFacts, rows: Sequence[WasteOfDay]) -> Iterator[Found]:
    """Busy by what it says, and idle by the power it draws."""
    limits, idle_watts = SUSPECTED_HANG.thresholds, window.idle_watts.get(facts.accelerator or "")
    used = [row for row in rows if row.state in _USED and row.accelerator == facts.accelerator]
    if not idle_watts or facts.busy_watts is None or not _is_recent(window, used):
        return
    if facts.busy_hours >= limits["busy_hours"] and facts.busy_watts <= idle_watts * limits["watts_over_idle"]:
        measures = {
            "busy_hours": round(facts.busy_hours, 2),
            "watts": round(facts.busy_watts, 1),
            "idle_watts": idle_watts,
        }
        found = amounts(used)
        hung = min(found.hours, Decimal(str(round(facts.busy_hours, 2))))
        cost = (found.cost * hung / found.hours).quantize(_ESTIMATE)  # an estimate: hours differ in price
        yield _found(SUSPECTED_HANG, window, facts.owner_id, used, found, cost, None, measures)


def _is_recent(window: Window, rows: Iterable[WasteOfDay]) -> bool:
    """Whether some of it was there in the last days; what is over is no finding any more."""
    return any(row.day > window.last - timedelta(days=QUIET_DAYS) and row.hours > 0 for row in rows)


def _memory(window: Window, owner_id: int) -> dict[str, object]:
    held = [each.fb_used_mib_max for each in window.facts if each.owner_id == owner_id and each.fb_used_mib_max]
    return {"fb_used_mib_max": round(max(held))} if held else {}


def _found(  # noqa: PLR0917  (a finding has these parts)
    rule: FindingRule,
    window: Window,
    owner_id: int,
    rows: Sequence[WasteOfDay],
    found: Amounts,
    capacity: Decimal,
    bill: Decimal | None,
    measures: Mapping[str, object],
) -> Found:
    hours = {"gpu_hours": str(found.hours), "effective_cost": str(found.cost)}
    return Found(
        rule=rule.name,
        subject=subject_of(window.owners[owner_id]),
        starts_on=found.first,
        ends_on=found.last,
        evidence={**hours, **measures, "days": list(found.days)},
        team_id=next((row.team_id for row in rows if row.team_id), None),
        node_id=rows[-1].node_id,
        owner_id=owner_id,
        currency=found.currency,
        capacity=capacity,
        bill=bill,
    )
