"""What a team owes for a billing month, composed from sums: direct, shared by origin, and the change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.db.queries.chargeback import OwedSum
from app.domain.money import EXACT, ZERO, total
from app.domain.ownership import Team
from app.domain.period import Period

UNALLOCATED = "Unallocated"


@dataclass(frozen=True)
class SharedPart:
    """A team's part of the cost of a pool, and how the pool was split: `evenly`, `by gateway_spend`, ….

    Without `split` the policy in force knows no such pool.
    """

    pool_id: str
    pool_name: str
    amount: Decimal
    split: str | None = None


@dataclass(frozen=True)
class TeamCharge:
    """What a team owes for a billing month; no team id means what nobody owes, the unallocated cost.

    The shared parts of the unallocated are pools that no team shares.
    """

    team_id: str | None
    name: str
    parent_id: str | None
    cost_center: str | None
    direct: Decimal
    shared: tuple[SharedPart, ...]
    total: Decimal
    previous_total: Decimal
    change: Decimal

    @property
    def shared_total(self) -> Decimal:
        """The sum of the shared parts."""
        return total(part.amount for part in self.shared)


@dataclass(frozen=True)
class Names:
    """What the teams and pools of a billing month are called, and in words how each pool is split."""

    teams: dict[str, Team]
    pools: dict[str, str] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)


def names_in(period: Period, teams: Iterable[Team], pools: dict[str, str]) -> Names:
    """The names that hold in `period`: of a team that was renamed or moved, the last one in it."""
    rows = tuple(teams)
    newest = {team.id: team for team in rows}
    return Names(newest | {team.id: team for team in rows if _holds_in(team, period)}, pools)


def _holds_in(team: Team, period: Period) -> bool:
    began = team.valid_from is None or team.valid_from < period.end
    return began and (team.valid_to is None or period.start < team.valid_to)


def team_charge(
    team_id: str | None, now: Sequence[OwedSum], before: Sequence[OwedSum], names: Names, *, parent: str | None
) -> TeamCharge:
    """What the sums `now` and, a month earlier, `before` say of one team in one currency."""
    team = names.teams.get(team_id) if team_id is not None else None
    owed, owed_before = sum_of(now), sum_of(before)
    return TeamCharge(
        team_id=team_id,
        name=team.name if team else team_id or UNALLOCATED,
        parent_id=parent,
        cost_center=team.cost_center if team else None,
        direct=sum_of(each for each in now if each.pool_id is None),
        shared=_shared_parts(now, names),
        total=owed,
        previous_total=owed_before,
        change=EXACT.subtract(owed, owed_before),
    )


def sum_of(sums: Iterable[OwedSum]) -> Decimal:
    """The exact sum of the amounts."""
    return total(each.amount for each in sums)


def _shared_parts(sums: Sequence[OwedSum], names: Names) -> tuple[SharedPart, ...]:
    parts: dict[str, Decimal] = {}
    for each in sums:
        if each.pool_id is not None:
            parts[each.pool_id] = EXACT.add(parts.get(each.pool_id, ZERO), each.amount)
    return tuple(
        SharedPart(pool, names.pools.get(pool, pool), parts[pool], names.splits.get(pool)) for pool in sorted(parts)
    )
