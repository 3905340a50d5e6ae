"""A resource of the bill in an hour, or on a day where its bill is daily: what was paid for, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from app.domain.gpu.mig import Slices
from app.domain.gpu.minutes import MINUTES
from app.domain.gpu.price import PricedHour
from app.domain.gpu.states import WasteState
from app.domain.gpu.waterfall import Cell, Mix, NodeHour, NodeWindow, Weight, add, add_node
from app.domain.money import ZERO

HOURS_A_DAY = 24


@dataclass(frozen=True)
class SeenNode:
    """A node of a resource that telemetry saw, or that is known to be down, in each hour of a window."""

    node_id: int
    boards: int | None  # as an inventory or a node map says
    hours: Sequence[NodeHour]

    @property
    def seen_boards(self) -> int:
        """How many boards telemetry saw."""
        return len({board for hour in self.hours for board in hour.boards})


@dataclass(frozen=True)
class ResourceWindow:
    """What a resource came to, in parts bought another way or with another owner, and the nodes it is.

    `only_node_id` is the one node that the resource is known to be, whether it was seen or not.
    """

    parts: Sequence[PricedHour]
    nodes: Sequence[SeenNode] = ()
    only_node_id: int | None = None


def node_hours(parts: Sequence[PricedHour], otherwise: Fraction | None = None) -> Fraction:
    """How long a resource ran in a window, all its nodes together; a bill that gives hours back counts as positive.

    Where the bill does not say, `otherwise`, or the whole window.
    """
    said = _added(tuple(part.node_hours for part in parts if part.node_hours is not None))
    whole = Fraction(HOURS_A_DAY if parts[0].is_daily else 1)
    return abs(said) or (whole if otherwise is None else otherwise)


@lru_cache(maxsize=4096)
def _added(hours: tuple[Decimal, ...]) -> Fraction:
    return sum(map(Fraction, hours), Fraction(0))


def minute_factors(parts: Sequence[PricedHour], ran: Fraction, *, is_counted: bool) -> list[Fraction]:
    """How often each part counts the board-minutes of the window, which has them once.

    Each counts as many as its own hours; hours that are given back count less than none. Where no part says its hours,
    the first has all, unless they are counted elsewhere: a correction moves money, and no machine runs twice.
    """
    if all(part.node_hours is None for part in parts):
        first = 0 if is_counted or parts[0].charge_day < parts[0].billing_period_start else 1
        return [Fraction(first), *(Fraction(0) for _ in parts[1:])]
    return [_factor(part.node_hours or ZERO, ran) for part in parts]


@lru_cache(maxsize=4096)
def _factor(hours: Decimal, ran: Fraction) -> Fraction:
    return Fraction(hours) / ran if ran else Fraction(0)


def resource_mix(window: ResourceWindow, ran: Fraction, slices: Mapping[int, Slices]) -> Mix:
    """The board-minutes of a resource that ran for `ran` node-hours, by state; without telemetry it is unknown."""
    first = window.parts[0]
    if first.is_unused_commitment:
        return {Cell(WasteState.UNUSED_COMMITMENT): Weight(rest=_minutes(ran * _boards(window)))}
    length = MINUTES * (HOURS_A_DAY if first.is_daily else 1)
    paid = _minutes(ran)
    machines = max(len(window.nodes), -(-paid // length), 1)
    each = min(length, (paid + machines // 2) // machines)
    mix: Mix = {}
    for node in window.nodes:
        boards = node.boards or _priced_boards(window) or node.seen_boards or 1
        seen = NodeWindow(node.node_id, boards, each * boards, min(each, MINUTES), node.hours)
        add_node(mix, seen, slices)
    unseen = paid - each * len(window.nodes)
    if unseen > 0:
        add(mix, Cell(WasteState.UNKNOWN, node_id=window.only_node_id), Weight(rest=unseen * _boards(window)))
    return mix


def _minutes(hours: Fraction) -> int:
    return hours.numerator * MINUTES if hours.denominator == 1 else round(hours * MINUTES)


def _priced_boards(window: ResourceWindow) -> int | None:
    return next((part.boards for part in window.parts if part.boards), None)


def _boards(window: ResourceWindow) -> int:
    """How many boards a node of the resource has that nothing was heard of."""
    known = _priced_boards(window) or next((node.boards or node.seen_boards for node in window.nodes), None)
    return known or 1
