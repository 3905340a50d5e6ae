"""How a pool's cost is shared among teams, exactly."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from app.domain.between_pools import Payers, only_feeding_each_other, pools_named, reciprocal, step_down
from app.domain.driver_basis import DriverBasis
from app.domain.money import EXACT
from app.domain.policy import BetweenPools, Pool, Split
from app.errors import BadInput

PARTS = 10**12  # a pool is shared in whole parts per trillion
PARTS_DIGITS = 12
Key = TypeVar("Key", str, tuple[str, ...])


class SingularPools(BadInput):
    """Pools that only name each other as payers, so that the linear system of reciprocal shares has no solution."""

    def __init__(self, pool_ids: Iterable[str]) -> None:
        self.pool_ids = tuple(sorted(pool_ids))
        names = ", ".join(f"`{pool_id}`" for pool_id in self.pool_ids)
        super().__init__(f"The pools {names} only pay for each other, so nobody does. Name a team in one of them.")


def payers(pool: Pool, teams_valid: AbstractSet[str]) -> frozenset[str]:
    """The teams among which a pool is split, of those that exist."""
    if pool.split is Split.FIXED:
        named = frozenset(pool.weights)
    elif pool.by and pool.by.teams:
        named = frozenset(pool.by.teams.values())
    else:
        named = pool.among or frozenset(() if pool.among_pools else teams_valid)
    return named & teams_valid


def pool_parts(
    pool: Pool, teams_valid: AbstractSet[str], direct: Mapping[str, Decimal], basis: DriverBasis | None = None
) -> dict[str, int]:
    """Each paying team's parts per trillion of a pool, by team id; together exactly PARTS, or {} if nobody can pay.

    `direct` is each team's direct effective cost, which a proportional split follows; `basis` what a split by driver
    follows. A team whose credits exceed its cost has a negative one and counts as zero: nobody is paid for using a
    shared service. When nobody can pay, the pool's cost stays unallocated, where it is seen.
    """
    return parts_of(team_weights(pool, teams_valid, direct, basis))


def shares_of_pools(  # noqa: PLR0917  (what splits may follow, in the order of `pool_parts`)
    pools: Sequence[Pool],
    between: BetweenPools,
    teams_valid: AbstractSet[str],
    direct: Mapping[str, Decimal],
    direct_of_pools: Mapping[str, Decimal],
    bases: Mapping[str, DriverBasis],
) -> dict[str, dict[str, int]]:
    """Each paying team's parts per trillion of every pool, pools that pay for pools resolved.

    By pool id; the parts of a pool are together exactly PARTS, or {} if nobody can pay for it, and its cost stays
    unallocated. `direct` is each team's direct effective cost and `direct_of_pools` each pool's, which proportional
    splits follow; `bases` what each pool that is split by a driver goes by. A pool that nobody can pay for pays for no
    other. Exact fractions, cut to whole parts once, at the end. Raises SingularPools when reciprocal pools, by the
    policy itself, only pay for each other.
    """
    if between is BetweenPools.DIRECT:
        return {pool.id: pool_parts(pool, teams_valid, direct, bases.get(pool.id)) for pool in pools}
    paying = {
        pool.id: Payers(
            team_weights(pool, teams_valid, direct, bases.get(pool.id)),
            pool_weights(pool, direct_of_pools),
        )
        for pool in pools
    }
    if between is BetweenPools.STEP_DOWN:
        shares = step_down(paying)
    else:
        if trapped := only_feeding_each_other(pools):
            raise SingularPools(trapped)
        shares = reciprocal(paying)
    return {pool_id: parts_of(parts) for pool_id, parts in shares.items()}


def parts_of(weights: Mapping[Key, Fraction], whole: int = PARTS) -> dict[Key, int]:
    """`whole` parts in proportion to `weights`, none of which is negative; {} if all are zero.

    Rounded down to whole parts; the parts left over go to the largest remainders, ties by key. Keys whose share comes
    to no part are left out.
    """
    total = sum(weights.values())
    if not total:
        return {}
    exact = {key: weights[key] * whole / total for key in sorted(weights)}
    parts = {key: int(value) for key, value in exact.items()}
    left = whole - sum(parts.values())
    for key in sorted(exact, key=lambda key: (parts[key] - exact[key], key))[:left]:
        parts[key] += 1
    return {key: count for key, count in parts.items() if count}


def team_weights(
    pool: Pool, teams_valid: AbstractSet[str], direct: Mapping[str, Decimal], basis: DriverBasis | None
) -> dict[str, Fraction]:
    """The weight of each team that pays a pool, as for `pool_parts`; none is negative."""
    assert (basis is not None) == (pool.split is Split.DRIVER), f"pool {pool.id} needs the quantities of its driver"
    paying = payers(pool, teams_valid)
    if basis and basis.used is Split.DRIVER:
        paying |= frozenset(basis.by_team)  # a team that pays for what is idle pays for no month without quantities
    return {team_id: _weight(pool, team_id, direct, basis) for team_id in paying}


def _weight(pool: Pool, team_id: str, direct: Mapping[str, Decimal], basis: DriverBasis | None) -> Fraction:
    match basis.used if basis else pool.split:
        case Split.EVEN:
            return Fraction(1)
        case Split.FIXED:
            return Fraction(pool.weights[team_id])
        case Split.DRIVER if basis:
            return positive(basis.by_team.get(team_id, Decimal(0)))
        case _:
            return positive(direct.get(team_id, Decimal(0)))


def pool_weights(pool: Pool, direct_of_pools: Mapping[str, Decimal]) -> dict[str, Fraction]:
    """The weight of each other pool that pays a pool, unless only teams pay; none is negative."""
    return {other: _pool_weight(pool, other, direct_of_pools) for other in sorted(pools_named(pool))}


def _pool_weight(pool: Pool, other: str, direct_of_pools: Mapping[str, Decimal]) -> Fraction:
    match pool.split:
        case Split.EVEN:
            return Fraction(1)
        case Split.FIXED:
            return Fraction(pool.pool_weights[other])
        case _:
            return positive(direct_of_pools.get(other, Decimal(0)))


def positive(amount: Decimal) -> Fraction:
    """`amount` as a weight: zero when it is negative."""
    return max(Fraction(amount), Fraction(0))


def share(amount: Decimal, parts: int) -> Decimal:
    """`amount` x `parts` / 10^12, never rounded.

    The parts are rounded, once, when a pool is split; the money is not. So sharing is linear: the shares of a pool
    add up to it, and the share of a sum is the sum of the shares. A team's part of a month is then the same figure
    whether it is worked out per charge, per day or in one go, and a drill-down cannot disagree with its total. With
    rounded shares each grain would round differently. The price is twelve more fractional digits, which Decimal and
    NUMERIC carry; a person sees them rounded once, on the statement.
    """
    return EXACT.scaleb(EXACT.multiply(amount, Decimal(parts)), -PARTS_DIGITS)
