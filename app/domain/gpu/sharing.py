"""Who has which share of a board in each minute: MIG instances by weight, several owners of one place alike."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.mig import Slices, instance_shares
from app.domain.gpu.sample import WHOLE_BOARD

Share = Fraction | int


class Part(NamedTuple):
    """A workload's share of a board in some minutes of an hour."""

    work: Workload
    share: Share
    minutes: int


def parts(works: Sequence[Workload], slices: Slices) -> list[Part]:
    """What each workload has of a board in an hour. In every observed minute the shares come to exactly 1.

    Where a MIG instance was seen, the board is its instances, by weight, and an unowned rest. A place (the board or an
    instance) that several owners have in a minute is theirs alike: time slices, MPS and jobs on one board cannot be
    told apart. Beside owners, what says no owner is the device itself and no further share.
    """
    if len(works) == 1 and works[0].fact.gpu_instance_id == WHOLE_BOARD:
        return [Part(works[0], 1, works[0].fact.observed)]
    return [
        Part(work, share, minutes)
        for minutes, present in _together(works)
        for work, share in _shares(tuple(present), slices)
    ]


def _together(works: Sequence[Workload]) -> list[tuple[int, list[Workload]]]:
    """The observed minutes, cut into sets in which the same workloads were seen."""
    seen = 0
    for work in works:
        seen |= work.fact.observed
    cuts: list[tuple[int, list[Workload]]] = [(seen, [])]
    for work in works:
        with_it = [(minutes & work.fact.observed, [*present, work]) for minutes, present in cuts]
        without_it = [(minutes & ~work.fact.observed, present) for minutes, present in cuts]
        cuts = [cut for cut in (*with_it, *without_it) if cut[0]]
    return cuts


def _shares(present: tuple[Workload, ...], slices: Slices) -> Iterable[tuple[Workload, Share]]:
    places = dict.fromkeys(work.fact.gpu_instance_id for work in present)
    if any(place != WHOLE_BOARD for place in places):
        profiles = tuple(
            (work.fact.gpu_instance_id, work.fact.mig_profile)
            for work in present
            if work.fact.gpu_instance_id != WHOLE_BOARD
        )
        of_place: dict[int, Fraction] = dict(_instance_shares(profiles, slices))
    else:
        of_place = {WHOLE_BOARD: Fraction(1)}
    for place, share in of_place.items():
        holders = _holders(place, present)
        yield from ((work, share / len(holders)) for work in holders)
    if rest := 1 - sum(of_place.values()):
        yield _unpartitioned(present), rest


@lru_cache(maxsize=1024)
def _instance_shares(profiles: tuple[tuple[int, str | None], ...], slices: Slices) -> tuple[tuple[int, Fraction], ...]:
    return tuple(instance_shares(dict(profiles), slices).items())


def _holders(place: int, present: Sequence[Workload]) -> list[Workload]:
    here = [work for work in present if work.fact.gpu_instance_id == place]
    return [work for work in here if work.fact.owner_id is not None] or here[:1]


def _unpartitioned(present: Sequence[Workload]) -> Workload:
    """The rest of a board beside its instances: nobody's, and down when all of them are."""
    observed, unavailable = 0, -1
    for work in present:
        observed |= work.fact.observed
        unavailable &= work.fact.unavailable
    first = present[0]
    rest = BoardHour(
        first.fact.hour,
        first.fact.node_id,
        first.fact.board_id,
        observed=observed,
        active=0,
        unavailable=unavailable,
        activity_source=first.fact.activity_source,
    )
    return Workload(rest, first.thresholds)
