"""Findings about nodes: forgotten ones, free boards scattered over several, and those that nobody can see."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from app.domain.gpu.findings.amounts import amounts, share_of
from app.domain.gpu.findings.rule import Found, WasteOfDay, Window
from app.domain.gpu.findings.rules import FORGOTTEN_NODE, FRAGMENTATION, QUIET_DAYS, TELEMETRY_GAP
from app.domain.gpu.states import WasteState
from app.domain.money import total


def node_findings(window: Window) -> Iterator[Found]:
    """Everything that the rules about nodes find."""
    by_node: defaultdict[int, list[WasteOfDay]] = defaultdict(list)
    for row in window.waste:
        if row.node_id is not None and row.state is not WasteState.UNUSED_COMMITMENT:
            by_node[row.node_id].append(row)
    for node_id, rows in sorted(by_node.items()):
        yield from _forgotten(window, node_id, rows)
        yield from _unseen(window, node_id, rows)
    yield from _scattered(window)


def _forgotten(window: Window, node_id: int, rows: Sequence[WasteOfDay]) -> Iterator[Found]:
    """The newest days of a node, all of them, without an owner."""
    limits = FORGOTTEN_NODE.thresholds
    days = sorted({row.day for row in rows}, reverse=True)
    empty_days = []
    for day in days:
        of_day = [row for row in rows if row.day == day]
        empty = total(row.hours for row in of_day if row.state is WasteState.UNALLOCATED_NODE)
        if not empty or share_of(empty, total(row.hours for row in of_day)) < limits["share"]:
            break
        empty_days.append(day)
    if len(empty_days) < limits["days"] or empty_days[0] <= window.last - timedelta(days=QUIET_DAYS):
        return
    empty_rows = [row for row in rows if row.day in empty_days and row.state is WasteState.UNALLOCATED_NODE]
    yield _of_node(window, FORGOTTEN_NODE.name, node_id, empty_rows, {"days_empty": len(empty_days)}, recoverable=True)


def _unseen(window: Window, node_id: int, rows: Sequence[WasteOfDay]) -> Iterator[Found]:
    """A node of whose paid hours a good part is unknown, and still was in the last days."""
    limits = TELEMETRY_GAP.thresholds
    unknown = [row for row in rows if row.state is WasteState.UNKNOWN]
    hours, paid = total(row.hours for row in unknown), total(row.hours for row in rows)
    recent = [row for row in rows if row.day > window.last - timedelta(days=QUIET_DAYS)]
    unknown_now = total(row.hours for row in recent if row.state is WasteState.UNKNOWN)
    share, share_now = share_of(hours, paid), share_of(unknown_now, total(row.hours for row in recent))
    if unknown and recent and hours >= limits["hours"] and min(share, share_now) >= limits["share"]:
        told = round(share, 4)
        yield _of_node(window, TELEMETRY_GAP.name, node_id, unknown, {"unknown_share": told}, recoverable=False)


def _scattered(window: Window) -> Iterator[Found]:
    """By accelerator: parts of several nodes that lie free at the same time and would make a whole one."""
    limits = FRAGMENTATION.thresholds
    by_accelerator: defaultdict[str, list[WasteOfDay]] = defaultdict(list)
    for row in window.waste:
        if row.state is WasteState.UNALLOCATED_PART and row.node_id is not None and row.accelerator:
            by_accelerator[row.accelerator].append(row)
    for accelerator, free in sorted(by_accelerator.items()):
        recent = [row for row in free if row.day > window.last - timedelta(days=QUIET_DAYS)]
        nodes = {row.node_id for row in recent if row.node_id is not None}
        boards = min((window.places[node].boards for node in nodes if node in window.places), default=0)
        by_day = {day: total(row.hours for row in recent if row.day == day) for day in {row.day for row in recent}}
        # On each of the last days, boards for a whole node were free on average.
        makes_a_node = bool(boards) and all(hours >= boards * 24 for hours in by_day.values())
        found = amounts(free)
        if len(nodes) >= limits["nodes"] and found.hours >= limits["free_hours"] and makes_a_node:
            measures = {"nodes": len(nodes), "boards_of_a_node": boards, "waiting_jobs": window.waiting_jobs}
            yield Found(
                rule=FRAGMENTATION.name,
                subject=accelerator,
                starts_on=found.first,
                ends_on=found.last,
                evidence={"gpu_hours": str(found.hours), **measures, "days": list(found.days)},
                currency=found.currency,
                capacity=found.capacity,
                bill=found.bill,
            )


def _of_node(
    window: Window,
    rule: str,
    node_id: int,
    rows: Sequence[WasteOfDay],
    measures: dict[str, object],
    *,
    recoverable: bool,
) -> Found:
    found, place = amounts(rows), window.places.get(node_id)
    costs = {"gpu_hours": str(found.hours), "effective_cost": str(found.cost)}
    return Found(
        rule=rule,
        subject=place.name if place else str(node_id),
        starts_on=found.first,
        ends_on=found.last,
        evidence={**costs, **measures, "days": list(found.days)},
        team_id=next((row.team_id for row in rows if row.team_id), None),
        node_id=node_id,
        currency=found.currency,
        capacity=found.capacity if recoverable else None,
        bill=found.bill if recoverable else None,
    )
