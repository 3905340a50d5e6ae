"""The waterfall of a resource, or of several that share nodes: windows of the bill × workloads of its boards."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import groupby
from operator import attrgetter

from app.chargeback.gpu_slices import slices_of
from app.chargeback.gpu_workloads import Workloads, day_of
from app.db.gpu_waste import WasteRow
from app.db.queries.gpu_waterfall import HOUR_SECONDS, Board, Node
from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.mig import Slices
from app.domain.gpu.price import PricedHour
from app.domain.gpu.recoverable import Evidence
from app.domain.gpu.resource_window import (
    HOURS_A_DAY,
    ResourceWindow,
    SeenNode,
    minute_factors,
    node_hours,
    resource_mix,
)
from app.domain.gpu.waste_day import Paid, Waste, WasteDay
from app.domain.gpu.waterfall import Cell, NodeHour
from app.domain.money import EXACT

_NO_BOARDS: Mapping[int, Sequence[Workload]] = {}


@dataclass(frozen=True)
class Resource:
    """What a resource of the bill came to in a billing period; `only_node`: it is a node that no bill has."""

    resource_id: str | None
    priced: Sequence[PricedHour]
    only_node: int | None = None

    @property
    def is_unused_commitment(self) -> bool:
        """Whether it is a commitment that nobody used."""
        return self.priced[0].is_unused_commitment

    @property
    def is_machine(self) -> bool:
        """Whether it ran; of anything else, no minutes are made up."""
        return not self.is_unused_commitment and (self.resource_id is not None or self.only_node is not None)


@dataclass(frozen=True)
class Ground:
    """What the waterfall of a billing period rests on besides prices and facts."""

    period: date
    workloads: Workloads
    boards: Mapping[int, Board]
    slices: dict[int, Slices] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slices.update((key, slices_of(board.model or board.accelerator)) for key, board in self.boards.items())

    def accelerator_of(self, board_id: int | None) -> str | None:
        """What a board is, where the bill does not say."""
        board = self.boards.get(board_id) if board_id is not None else None
        return (board.accelerator or board.model) if board else None


_Seen = dict[tuple[int, int], dict[int, list[Workload]]]  # by node and hour, then by board


def waste_of(
    ground: Ground, resources: Iterable[Resource], nodes: Sequence[Node], facts: Sequence[BoardHour]
) -> Iterator[WasteRow]:
    """The rows of resources that `nodes` are, by what `facts` (by board and hour) saw."""
    seen: _Seen = defaultdict(dict)
    evidence: dict[tuple[int, int], Evidence] = {}
    for board, told in groupby(facts, _BOARD):
        works = list(ground.workloads.of_board(told))
        for work in works:
            seen[work.fact.node_id, work.fact.hour].setdefault(board, []).append(work)
        evidence |= _evidence(board, works)
    for resource in resources:
        yield from _rows_of(ground, resource, nodes, seen, evidence)


def _evidence(board: int, works: Iterable[Workload]) -> dict[tuple[int, int], Evidence]:
    """What is known of a board, by board and day since 1970."""
    by_day: defaultdict[int, dict[int, int]] = defaultdict(dict)
    profiled: dict[int, bool] = {}
    for work in works:
        day, fact = work.fact.hour // HOURS_A_DAY, work.fact
        by_day[day][fact.hour] = by_day[day].get(fact.hour, 0) | fact.observed
        profiled[day] = profiled.get(day, True) and fact.is_profiled
    return {
        (board, day): Evidence(
            len(by_day), sum(minutes.bit_count() for minutes in hours.values()), len(hours), profiled[day]
        )
        for day, hours in by_day.items()
    }


def _rows_of(
    ground: Ground,
    resource: Resource,
    nodes: Sequence[Node],
    seen: _Seen,
    evidence: Mapping[tuple[int, int], Evidence],
) -> Iterator[WasteRow]:
    by_day: defaultdict[int, dict[tuple[int, bool], list[PricedHour]]] = defaultdict(dict)
    for part in resource.priced:
        hour = int(part.hour.timestamp()) // HOUR_SECONDS
        by_day[hour // HOURS_A_DAY].setdefault((hour, part.is_daily), []).append(part)
    for day, windows in sorted(by_day.items()):
        sums: dict[tuple[Paid, Cell], Waste] = {}
        for paid, cell, waste in _day(ground, resource, nodes, seen, windows).cells():
            _add(sums.setdefault((paid, cell), Waste()), waste)
        for (paid, cell), waste in sums.items():
            known = evidence.get((cell.board_id, day)) if cell.board_id is not None else None
            yield _row(ground, resource, day, paid, cell, waste, known)


def _day(
    ground: Ground,
    resource: Resource,
    nodes: Sequence[Node],
    seen: _Seen,
    windows: Mapping[tuple[int, bool], Sequence[PricedHour]],
) -> WasteDay:
    found = WasteDay()
    said = [parts for (_, is_daily), parts in windows.items() if not is_daily and _says_hours(parts)]
    hourly = sum((node_hours(parts) for parts in said), Fraction(0))
    for (hour, is_daily), parts in windows.items():
        otherwise = hourly if said and is_daily else None if resource.is_machine else Fraction(0)
        ran = node_hours(parts, otherwise)
        window = ResourceWindow(parts, *_nodes_in(ground, resource, nodes, seen, hour, is_daily=is_daily))
        mix = resource_mix(window, ran, ground.slices)
        found.add(parts, minute_factors(parts, ran, is_counted=bool(said) or not resource.is_machine), mix)
    return found


def _says_hours(parts: Iterable[PricedHour]) -> bool:
    return any(part.node_hours is not None for part in parts)


def _nodes_in(
    ground: Ground, resource: Resource, nodes: Sequence[Node], seen: _Seen, hour: int, *, is_daily: bool
) -> tuple[list[SeenNode], int | None]:
    """The nodes of a resource that telemetry saw in a window or that were down, and its only one if it is one."""
    hours = range(hour, hour + (HOURS_A_DAY if is_daily else 1))
    found, there = [], []
    for node in nodes:
        mine = [each for each in hours if _is_resource(node, resource, each)]
        if mine:
            there.append(node.id)
            told = [_node_hour(ground, node.id, each, seen) for each in mine]
            if any(each.boards or each.down for each in told):
                found.append(SeenNode(node.id, node.boards, told))
    return found, there[0] if len(there) == 1 else None


def _is_resource(node: Node, resource: Resource, hour: int) -> bool:
    if resource.only_node is not None:
        return node.id == resource.only_node
    return node.resource_at(hour) == resource.resource_id


def _node_hour(ground: Ground, node_id: int, hour: int, seen: _Seen) -> NodeHour:
    return NodeHour(ground.workloads.down.get((node_id, hour), 0), seen.get((node_id, hour), _NO_BOARDS))


def _add(total: Waste, more: Waste) -> None:
    total.board_minutes = EXACT.add(total.board_minutes, more.board_minutes)
    total.effective_cost = EXACT.add(total.effective_cost, more.effective_cost)
    total.recoverable_capacity_cost = EXACT.add(total.recoverable_capacity_cost, more.recoverable_capacity_cost)
    total.recoverable_bill_cost = EXACT.add(total.recoverable_bill_cost, more.recoverable_bill_cost)


def _row(  # noqa: PLR0917  (what a row is made of)
    ground: Ground, resource: Resource, day: int, paid: Paid, cell: Cell, waste: Waste, known: Evidence | None
) -> WasteRow:
    is_platforms = cell.team_id is None
    return WasteRow(
        ground.period,
        day_of(day * HOURS_A_DAY),
        cell.state.value,
        paid.team_id if is_platforms else cell.team_id,
        paid.pool_id if is_platforms else None,
        cell.node_id,
        cell.board_id,
        cell.owner_id,
        resource.resource_id,
        paid.accelerator or ground.accelerator_of(cell.board_id),
        paid.purchase_option.value,
        paid.billing_currency,
        waste.board_minutes,
        waste.effective_cost,
        waste.recoverable_capacity_cost,
        waste.recoverable_bill_cost,
        known.confidence.value if known and waste.recoverable_capacity_cost else None,
    )


_BOARD = attrgetter("board_id")
