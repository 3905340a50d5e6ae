"""How a pool's cost is shared among teams, exactly."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction

from app.domain.money import EXACT
from app.domain.policy import Pool, Split

PARTS = 10**12  # a pool is shared in whole parts per trillion
PARTS_DIGITS = 12


def payers(pool: Pool, teams_valid: AbstractSet[str]) -> frozenset[str]:
    """The teams among which a pool is split, of those that exist."""
    named = frozenset(pool.weights) if pool.split is Split.FIXED else pool.among or frozenset(teams_valid)
    return named & teams_valid


def pool_parts(pool: Pool, teams_valid: AbstractSet[str], direct: Mapping[str, Decimal]) -> dict[str, int]:
    """Each paying team's parts per trillion of a pool, by team id; together exactly PARTS, or {} if nobody can pay.

    `direct` is each team's direct effective cost, which a proportional split follows. A team whose credits exceed its
    cost has a negative one and counts as zero: nobody is paid for using a shared service. When nobody can pay, the
    pool's cost stays unallocated, where it is seen.

    Rounded down to whole parts; the parts left over go to the largest remainders, ties by team id.
    """
    weights = {team_id: _weight(pool, team_id, direct) for team_id in sorted(payers(pool, teams_valid))}
    total = sum(weights.values())
    if not total:
        return {}
    exact = {team_id: weight * PARTS / total for team_id, weight in weights.items()}
    parts = {team_id: int(value) for team_id, value in exact.items()}
    left = PARTS - sum(parts.values())
    for team_id in sorted(exact, key=lambda team_id: (parts[team_id] - exact[team_id], team_id))[:left]:
        parts[team_id] += 1
    return {team_id: count for team_id, count in parts.items() if count}


def _weight(pool: Pool, team_id: str, direct: Mapping[str, Decimal]) -> Fraction:
    match pool.split:
        case Split.EVEN:
            return Fraction(1)
        case Split.FIXED:
            return Fraction(pool.weights[team_id])
        case Split.PROPORTIONAL:
            return max(Fraction(direct.get(team_id, Decimal(0))), Fraction(0))


def share(amount: Decimal, parts: int) -> Decimal:
    """`amount` x `parts` / 10^12, never rounded.

    The parts are rounded, once, when a pool is split; the money is not. So sharing is linear: the shares of a pool
    add up to it, and the share of a sum is the sum of the shares. A team's part of a month is then the same figure
    whether it is worked out per charge, per day or in one go, and a drill-down cannot disagree with its total. With
    rounded shares each grain would round differently. The price is twelve more fractional digits, which Decimal and
    NUMERIC carry; a person sees them rounded once, on the statement.
    """
    return EXACT.scaleb(EXACT.multiply(amount, Decimal(parts)), -PARTS_DIGITS)
