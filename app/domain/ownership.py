"""Who pays: the tree of teams, and which of them exist on a day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


class Dated(Protocol):
    """Anything that holds from `valid_from` up to, not including, `valid_to`; None leaves that side open."""

    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


def valid_on(thing: Dated, day: date) -> bool:
    """Whether `thing` holds on `day`."""
    return (thing.valid_from is None or thing.valid_from <= day) and (thing.valid_to is None or day < thing.valid_to)


def overlap(one: Dated, other: Dated) -> bool:
    """Whether there is a day on which both hold."""
    start = max(one.valid_from or date.min, other.valid_from or date.min)
    return all(thing.valid_to is None or start < thing.valid_to for thing in (one, other))


@dataclass(frozen=True)
class Team:
    """A node of the ownership tree, who pays from its cost center.

    One id may come several times with validities that do not overlap: after a re-org the team keeps its id and gets
    a new parent, so last March stays what it was.
    """

    id: str
    name: str
    parent: str | None = None
    cost_center: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    gl_account: str | None = None  # where its cost is booked in the general ledger
    line: int = field(default=0, compare=False, kw_only=True)  # of the document that declares it


def teams_on(teams: Iterable[Team], day: date) -> tuple[Team, ...]:
    """The teams that exist on `day`, in the order given; no id comes twice."""
    return tuple(team for team in teams if valid_on(team, day))


def descendants(teams: Iterable[Team], root: str) -> frozenset[str]:
    """The ids of `root` and of every team below it.

    Given teams of several days, a team counts if it was ever below; give `teams_on(teams, day)` for one day's tree.
    """
    children: defaultdict[str | None, list[str]] = defaultdict(list)
    for team in teams:
        children[team.parent].append(team.id)
    found, unvisited = {root}, [root]
    while unvisited:
        new = set(children[unvisited.pop()]) - found
        found |= new
        unvisited += new
    return frozenset(found)


def path(teams: Iterable[Team], team_id: str) -> tuple[str, ...]:
    """The ids from the top of one day's tree down to `team_id`.

    It starts at the highest ancestor that exists in `teams`, which should come from `teams_on`.
    """
    parents = {team.id: team.parent for team in teams}
    upward = [team_id]
    while (parent := parents.get(upward[-1])) in parents and parent is not None:
        assert parent not in upward, f"team {parent} is its own ancestor"
        upward.append(parent)
    return tuple(reversed(upward))


def cycle(teams: Iterable[Team]) -> tuple[str, ...]:
    """The first loop of parents in one day's tree, by id, or () when it is a tree."""
    parents = {team.id: team.parent for team in teams}
    for team_id in parents:
        upward: list[str] = []
        above: str | None = team_id
        while above is not None and above not in upward:
            upward.append(above)
            above = parents.get(above)
        if above is not None:
            return tuple(upward[upward.index(above) :])
    return ()


def turning_points(things: Iterable[Dated]) -> tuple[date, ...]:
    """The days on which something begins or ends to hold, in order, after `date.min`, the open beginning.

    Nothing changes between two of them, so what holds on each holds up to the next.
    """
    edges = {edge for thing in things for edge in (thing.valid_from, thing.valid_to) if edge is not None}
    return tuple(sorted(edges | {date.min}))
