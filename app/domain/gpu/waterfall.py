"""The waterfall of a node: every paid board-minute in exactly one state, weighed by shares of the board."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.gpu.board_hour import Workload
from app.domain.gpu.board_states import Taken, states
from app.domain.gpu.mig import Slices
from app.domain.gpu.minutes import WHOLE_HOUR, without
from app.domain.gpu.sharing import Part, Share, parts
from app.domain.gpu.states import STATES, WasteState

USUAL_SLICES = Slices()
_OWNED = frozenset(state for state in STATES if state.has_owner)


class Cell(NamedTuple):
    """What board-minutes are told apart by. Without a team, they are whose the charge is."""

    state: WasteState
    team_id: str | None = None
    node_id: int | None = None
    board_id: int | None = None
    owner_id: int | None = None


class Weight(NamedTuple):
    """Board-minutes: those that nothing would be lost without, on a node that is free of all work or not; the rest."""

    on_free_node: Share = 0
    on_used_node: Share = 0
    rest: Share = 0

    @property
    def minutes(self) -> Share:
        """All of them."""
        return self.on_free_node + self.on_used_node + self.rest


Mix = dict[Cell, Weight]


@dataclass(frozen=True)
class NodeHour:
    """A node in an hour: the minutes in which it is known to be down, and the workloads of each board that was seen."""

    down: int
    boards: Mapping[int, Sequence[Workload]]


@dataclass(frozen=True)
class NodeWindow:
    """A node in an hour, or on a day where its bill is daily.

    `paid` are the board-minutes paid for, of all its boards together; what was observed was paid for, too. `most` is
    how many minutes of a board can be paid for in an hour.
    """

    node_id: int | None
    boards: int
    paid: int
    most: int
    hours: Sequence[NodeHour]


def add(mix: Mix, cell: Cell, weight: Weight) -> None:
    """Adds board-minutes to a cell."""
    found = mix.get(cell)
    if found is None:
        mix[cell] = weight
    else:
        (free, used, rest), (more_free, more_used, more_rest) = found, weight
        mix[cell] = Weight(free + more_free, used + more_used, rest + more_rest)


def node_mix(window: NodeWindow, slices: Mapping[int, Slices]) -> Mix:
    """The board-minutes of a node by state. They add up to `paid`, or to what was observed if that is more.

    `slices` says of boards how they are divided, where that differs from the usual.
    """
    mix: Mix = {}
    add_node(mix, window, slices)
    return mix


def add_node(mix: Mix, window: NodeWindow, slices: Mapping[int, Slices]) -> None:
    """Adds `node_mix` to a mix."""
    seen = [{board: _observed(works) for board, works in hour.boards.items()} for hour in window.hours]
    spare = max(0, window.paid - sum(minutes.bit_count() for each in seen for minutes in each.values()))
    for hour, observed in zip(window.hours, seen, strict=True):
        unseen: dict[int, int] = {}
        for board, minutes in observed.items():
            unseen[board] = min(max(0, window.most - minutes.bit_count()), spare)
            spare -= unseen[board]
        _add_hour(mix, window, hour, unseen, slices)
        _add_unseen(mix, window, hour, observed, unseen)
    if spare:
        _add_boards_never_seen(mix, window, spare)


def _observed(works: Iterable[Workload]) -> int:
    found = 0
    for work in works:
        found |= work.fact.observed
    return found


class _Place(NamedTuple):
    """A share of a board, and what became of its minutes."""

    part: Part
    taken: tuple[Taken, ...]


def _add_hour(
    mix: Mix, window: NodeWindow, hour: NodeHour, unseen: Mapping[int, int], slices: Mapping[int, Slices]
) -> None:
    """The observed minutes of an hour."""
    in_use = 0
    for works in hour.boards.values():
        for work in works:
            in_use |= work.in_use
    boards = {
        board: _places(works, slices.get(board, USUAL_SLICES), down=hour.down, in_use=in_use, unseen=unseen[board])
        for board, works in hour.boards.items()
    }
    free = WHOLE_HOUR if len(boards) >= window.boards else 0
    for places in boards.values():
        free &= _recoverable(places) if free else 0
    for board, places in boards.items():
        for place in places:
            _add_place(mix, window.node_id, board, place, free)


def _places(works: Sequence[Workload], slices: Slices, *, down: int, in_use: int, unseen: int) -> list[_Place]:
    observed = _observed(works).bit_count()
    return [
        _Place(
            part,
            tuple(
                states(
                    part.work,
                    down=down,
                    in_use=in_use,
                    is_covered=observed >= part.work.thresholds.coverage_below * (observed + unseen),
                )
            ),
        )
        for part in parts(works, slices)
    ]


def _recoverable(places: Iterable[_Place]) -> int:
    """The minutes of a board that nobody who has a share of it would miss."""
    observed = missed = 0
    for part, taken in places:
        observed |= part.minutes
        missed |= part.minutes & ~_united(each.recoverable for each in taken)
    return observed & ~missed


def _united(sets: Iterable[int]) -> int:
    found = 0
    for minutes in sets:
        found |= minutes
    return found


def _add_place(mix: Mix, node_id: int | None, board: int, place: _Place, free: int) -> None:
    (work, share, minutes), taken = place
    for state, mask, recoverable in taken:
        whole = (mask & minutes).bit_count()
        if not whole:
            continue
        back = (recoverable & minutes).bit_count()
        on_free = (recoverable & minutes & free).bit_count()
        weight = Weight(on_free * share, (back - on_free) * share, (whole - back) * share)
        if state is WasteState.FAILED and work.failed_with_node:
            _add_failed(mix, Cell(state, work.team_id, node_id, board, work.fact.owner_id), work, mask & minutes, share)
        else:
            is_owned = state in _OWNED
            team, owner = (work.team_id, work.fact.owner_id) if is_owned else (None, None)
            add(mix, Cell(state, team, node_id, board, owner), weight)


def _add_failed(mix: Mix, cell: Cell, work: Workload, minutes: int, share: Share) -> None:
    """What a node's end cost is not the workload's to pay."""
    of_node = (minutes & work.failed_with_node).bit_count()
    if of_node:
        add(mix, cell._replace(team_id=None), Weight(rest=of_node * share))
    if of_work := minutes.bit_count() - of_node:
        add(mix, cell, Weight(rest=of_work * share))


def _add_unseen(
    mix: Mix, window: NodeWindow, hour: NodeHour, observed: Mapping[int, int], unseen: Mapping[int, int]
) -> None:
    """The paid minutes of an hour in which a board that was seen in it was not."""
    for board, minutes in unseen.items():
        if minutes:
            down = min(minutes, without(hour.down, observed[board]).bit_count())
            _add_unobserved(mix, window.node_id, board, minutes, down)


def _add_boards_never_seen(mix: Mix, window: NodeWindow, spare: int) -> None:
    """The paid minutes of boards that nothing was heard of in the hour."""
    down = sum(hour.down.bit_count() * max(0, window.boards - len(hour.boards)) for hour in window.hours)
    _add_unobserved(mix, window.node_id, None, spare, min(spare, down))


def _add_unobserved(mix: Mix, node_id: int | None, board: int | None, minutes: int, down: int) -> None:
    for state, count in ((WasteState.UNAVAILABLE, down), (WasteState.UNKNOWN, minutes - down)):
        if count:
            add(mix, Cell(state, None, node_id, board), Weight(rest=count))


def minutes_of(mix: Mix) -> Share:
    """All board-minutes of a mix."""
    return sum((weight.minutes for weight in mix.values()), start=0)
