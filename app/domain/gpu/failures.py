"""The minutes of work that was lost: of a job that failed, since the last moment whose work is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.gpu.minutes import MINUTES, span


@dataclass(frozen=True)
class LostWork:
    """What a job that failed lost: minutes since 1970-01-01T00:00Z, from `start` up to, not including, `end`.

    `nodes` are the names of those it ran on; without any, wherever telemetry saw it.
    """

    start: int
    end: int
    nodes: frozenset[str] = frozenset()
    is_platforms: bool = False  # lost with the node, by no fault of the job


@dataclass(frozen=True)
class Lost:
    """The minutes of an hour whose work was lost, and those of them that the platform answers for."""

    minutes: int = 0
    with_node: int = 0


NOTHING_LOST = Lost()


def lost(work: Iterable[LostWork], hour: int, node: str | None) -> Lost:
    """What of an hour on a node was lost."""
    minutes = with_node = 0
    for each in work:
        if each.nodes and node not in each.nodes:
            continue
        part = span(each.start - hour * MINUTES, each.end - hour * MINUTES)
        minutes |= part
        with_node |= part if each.is_platforms else 0
    return Lost(minutes, with_node) if minutes else NOTHING_LOST
