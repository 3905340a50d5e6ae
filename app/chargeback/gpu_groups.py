"""Nodes and resources of the bill that belong together: the nodes that ever were one resource, with all they were."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.db.queries.gpu_waterfall import HOUR_SECONDS, Node
from app.domain.gpu.minutes import MINUTES, span


@dataclass
class Group:
    """Nodes that share resources; most groups are one of each."""

    nodes: list[Node] = field(default_factory=list)
    resources: set[str] = field(default_factory=set)


def groups(nodes: Iterable[Node]) -> list[Group]:
    """Every node in one group, together with every other that shares a resource with it."""
    of_resource: dict[str, Group] = {}
    found: list[Group] = []
    for node in nodes:
        joined = Group([node], set(node.resources))
        for other in {id(each): each for each in map(of_resource.get, sorted(node.resources)) if each}.values():
            found.remove(other)
            joined = Group([*other.nodes, *joined.nodes], other.resources | joined.resources)
        found.append(joined)
        of_resource |= dict.fromkeys(joined.resources, joined)
    return found


def down_minutes(nodes: Iterable[Node], spans: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], int]:
    """The minutes of hours in `spans` in which nodes are known to be down, by node and hour since 1970."""
    found: dict[tuple[int, int], int] = {}
    for node in nodes:
        for down in node.down:
            for first, last in spans:
                start = max(first, first if down.start is None else int(down.start // HOUR_SECONDS))
                end = min(last, last if down.end is None else int(-(-down.end // HOUR_SECONDS)))
                for hour in range(start, end):
                    minutes = _within(hour, down.start, down.end)
                    found[node.id, hour] = found.get((node.id, hour), 0) | minutes
    return found


def _within(hour: int, start: float | None, end: float | None) -> int:
    """The whole minutes of an hour that lie between two moments."""
    base = hour * HOUR_SECONDS
    first = 0 if start is None else -int(-(start - base) // 60)
    last = MINUTES if end is None else int((end - base) // 60)
    return span(first, last)
