"""How a pool's cost is shared among teams, exactly."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from app.domain.driver_basis import DriverBasis
from app.domain.money import EXACT
from app.domain.policy import Pool, Split

PARTS = 10**12  # a pool is shared in whole parts per trillion
PARTS_DIGITS = 12
Key = TypeVar("Key", str, tuple[str, ...])


def payers(pool: Pool, teams_valid: AbstractSet[str]) -> frozenset[str]:
    """The teams among which a pool is split, of those that exist."""
    if pool.split is Split.FIXED:
        named = frozenset(pool.weights)
    elif pool.by and pool.by.teams:
        named = frozenset(pool.by.teams.values())
    else:
        named = pool.among or frozenset(teams_valid)
    return named & teams_valid


def pool_parts(
    pool: Pool, teams_valid: AbstractSet[str], direct: Mapping[str, Decimal], basis: DriverBasis | None = None
) -> dict[str, int]:
    """Each paying team's parts per trillion of a pool, by team id; together exactly PARTS, or {} if nobody can pay.

    `direct` is each team's direct effective cost, which a proportional split follows; `basis` what a split by driver
    follows. A team whose credits exceed its cost has a negative one and counts as zero: nobody is paid for using a
    shared service. When nobody can pay, the pool's cost stays unallocated, where it is seen.
    """
    assert (basis is not None) == (pool.split is Split.DRIVER), f"pool {pool.id} needs the quantities of its driver"
    weights = {team_id: _weight(pool, team_id, direct, basis) for team_id in payers(pool, teams_valid)}
    return parts_of(weights)


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
