"""The state of each observed minute of a workload: the first that fits, in the order of `WasteState`."""

from collections.abc import Iterator
from typing import NamedTuple

from app.domain.gpu.board_hour import Workload
from app.domain.gpu.states import WasteState


class Taken(NamedTuple):
    """The minutes of a workload in a state, and those of them that could be had back."""

    state: WasteState
    minutes: int
    recoverable: int = 0


def states(work: Workload, *, down: int, in_use: int, is_covered: bool) -> Iterator[Taken]:
    """Every observed minute of `work`, in exactly one state.

    `down` are the minutes in which its node is known to be down, `in_use` those in which somebody has a board of the
    node. Without cover, what was observed of the hour is too little to be believed. What is active is not down,
    whatever the scheduler says: jobs run on while a node is drained.
    """
    fact = work.fact
    unavailable = fact.observed & (fact.unavailable | down) & ~fact.active
    left = fact.observed ^ unavailable
    unknown = left & fact.suspect if is_covered else left
    left ^= unknown
    active = left & fact.active
    quiet = left ^ active
    if unavailable:
        yield Taken(WasteState.UNAVAILABLE, unavailable)
    if unknown:
        yield Taken(WasteState.UNKNOWN, unknown)
    if quiet:
        yield from _without_owner(quiet, in_use) if fact.owner_id is None else _idle(work, quiet)
    if active:
        yield from _active(work, active)


def _without_owner(quiet: int, in_use: int) -> Iterator[Taken]:
    node, part = quiet & ~in_use, quiet & in_use
    if node:
        yield Taken(WasteState.UNALLOCATED_NODE, node, node)
    if part:
        yield Taken(WasteState.UNALLOCATED_PART, part, part)


def _idle(work: Workload, quiet: int) -> Iterator[Taken]:
    starting = quiet & work.starting
    quiet ^= starting
    held = quiet & work.held
    gap = quiet ^ held
    if starting:
        yield Taken(WasteState.STARTING, starting)
    if held:
        yield Taken(WasteState.IDLE_HELD, held, held & work.beyond)
    if gap:
        yield Taken(WasteState.IDLE_GAP, gap)


def _active(work: Workload, active: int) -> Iterator[Taken]:
    failed = active & work.failed
    active ^= failed
    if failed:
        yield Taken(WasteState.FAILED, failed)
    if active:
        inefficient = work.fact.is_inefficient(work.thresholds)
        yield Taken(WasteState.INEFFICIENT if inefficient else WasteState.PRODUCTIVE, active)
