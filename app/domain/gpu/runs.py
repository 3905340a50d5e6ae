"""Runs of minutes over hours and days, from sets of minutes: how long a board has been idle."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from app.domain.gpu.minutes import MINUTES, span


class Run(NamedTuple):
    """Consecutive minutes since 1970-01-01T00:00Z, from `start` up to, not including, `end`."""

    start: int
    end: int


class Held(NamedTuple):
    """The minutes of an hour that lie in a run of the idle threshold or longer, and those after its threshold."""

    minutes: int
    beyond: int


def spans(minutes: int) -> Iterator[tuple[int, int]]:
    """The runs of minutes in one hour, from the first minute up to, not including, the last."""
    while minutes:
        start = (minutes & -minutes).bit_length() - 1
        rest = minutes >> start
        length = (rest ^ (rest + 1)).bit_length() - 1  # of the ones at its end
        yield start, start + length
        minutes &= ~(((1 << length) - 1) << start)


def runs(hours: Iterable[tuple[int, int]]) -> Iterator[Run]:
    """The runs of an owner's minutes: pairs of an hour (since 1970) and a set of minutes, by hour, none twice.

    A run crosses hours and days. A minute that is missing ends it.
    """
    start = end = -1
    for hour, minutes in hours:
        base = hour * MINUTES
        for first, last in spans(minutes):
            if base + first != end:
                if end >= 0:
                    yield Run(start, end)
                start = base + first
            end = base + last
    if end >= 0:
        yield Run(start, end)


def held(idle: Iterable[Run], threshold: Callable[[Run], int]) -> dict[int, Held]:
    """By hour, what lies in runs of at least `threshold` minutes, which may differ from run to run."""
    found: dict[int, Held] = {}
    for run in idle:
        least = threshold(run)
        if run.end - run.start < least:
            continue
        for hour in range(run.start // MINUTES, (run.end - 1) // MINUTES + 1):
            base = hour * MINUTES
            before = found.get(hour, _NONE)
            found[hour] = Held(
                before.minutes | span(run.start - base, run.end - base),
                before.beyond | span(run.start + least - base, run.end - base),
            )
    return found


_NONE = Held(0, 0)
