"""What a team owes for a billing month, composed from sums: direct, shared by origin, corrections, and the change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.db.queries.chargeback import OwedSum
from app.domain.money import EXACT, ZERO, total
from app.domain.ownership import Team
from app.domain.period import Period
from app.domain.statement import CostType

UNALLOCATED = "Unallocated"
_ON_TOP = frozenset({CostType.ADJUSTMENT, CostType.COMMITMENT_BENEFIT, CostType.MARKUP})


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
class CostTypePart:
    """What is owed for one kind of cost, exactly, and as it is charged, in whole minor units."""

    cost_type: CostType
    amount: Decimal
    charged: Decimal | None


@dataclass(frozen=True)
class TeamCharge:
    """What a team owes for a billing month; no team id means what nobody owes, the unallocated cost.

    The shared parts of the unallocated are pools that no team shares. `total` is direct + shared + adjustments of
    closed months + commitment benefit + markup, and the parts in `cost_types` add up to it as well. From roll-ups, not
    from a statement, nothing is charged and there are no cost types. `moved` is what the live figures have more than
    a statement that was issued or closed.
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
    adjustments: Decimal = ZERO
    commitment_benefit: Decimal = ZERO
    markup: Decimal = ZERO
    charged: Decimal | None = None
    moved: Decimal | None = None
    cost_types: tuple[CostTypePart, ...] = ()

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
    team_id: str | None,
    now: Sequence[OwedSum],
    before: Sequence[OwedSum],
    names: Names,
    *,
    parent: str | None,
    moved: Decimal | None = None,
) -> TeamCharge:
    """What the sums `now` and, a month earlier, `before` say of one team in one currency."""
    team = names.teams.get(team_id) if team_id is not None else None
    owed, owed_before = sum_of(now), sum_of(before)
    return TeamCharge(
        team_id=team_id,
        name=team.name if team else team_id or UNALLOCATED,
        parent_id=parent,
        cost_center=team.cost_center if team else None,
        direct=direct_of(now),
        shared=_shared_parts(now, names),
        total=owed,
        previous_total=owed_before,
        change=EXACT.subtract(owed, owed_before),
        adjustments=of_type(now, CostType.ADJUSTMENT),
        commitment_benefit=of_type(now, CostType.COMMITMENT_BENEFIT),
        markup=of_type(now, CostType.MARKUP),
        charged=charged_of(now),
        moved=moved,
        cost_types=cost_types_of(now),
    )


def sum_of(sums: Iterable[OwedSum]) -> Decimal:
    """The exact sum of the amounts."""
    return total(each.amount for each in sums)


def charged_of(sums: Iterable[OwedSum]) -> Decimal | None:
    """The sum of what is charged, in whole minor units; None where a sum is not from a statement."""
    charged = [each.charged for each in sums]
    known = [amount for amount in charged if amount is not None]
    return total(known) if known and len(known) == len(charged) else None


def of_type(sums: Iterable[OwedSum], cost_type: CostType) -> Decimal:
    """The exact sum of one kind of cost."""
    return sum_of(each for each in sums if each.cost_type is cost_type)


def direct_of(sums: Iterable[OwedSum]) -> Decimal:
    """What a team owns of the month's own charges."""
    return sum_of(each for each in sums if each.pool_id is None and each.cost_type not in _ON_TOP)


def shared_of(sums: Iterable[OwedSum]) -> tuple[OwedSum, ...]:
    """What comes from pools of the month's own charges."""
    return tuple(each for each in sums if each.pool_id is not None and each.cost_type not in _ON_TOP)


def cost_types_of(sums: Iterable[OwedSum]) -> tuple[CostTypePart, ...]:
    """The sums by kind of cost, in the order of CostType."""
    found: dict[CostType, list[OwedSum]] = {}
    for each in sums:
        if each.cost_type is not None:
            found.setdefault(each.cost_type, []).append(each)
    return tuple(CostTypePart(kind, sum_of(found[kind]), charged_of(found[kind])) for kind in CostType if kind in found)


def _shared_parts(sums: Sequence[OwedSum], names: Names) -> tuple[SharedPart, ...]:
    parts: dict[str, Decimal] = {}
    for each in shared_of(sums):
        assert each.pool_id is not None
        parts[each.pool_id] = EXACT.add(parts.get(each.pool_id, ZERO), each.amount)
    return tuple(
        SharedPart(pool, names.pools.get(pool, pool), parts[pool], names.splits.get(pool)) for pool in sorted(parts)
    )
