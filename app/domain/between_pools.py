"""What becomes of a pool's cost that other pools pay: which part of every pool each team pays in the end.

Sources: the step-down and the reciprocal method of allocating service departments' costs, as in Horngren, Datar and
Rajan, "Cost Accounting: A Managerial Emphasis", chapter "Allocation of Support-Department Costs".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.domain.policy import Pool, Split

Shares = dict[str, Fraction]  # by team; they add up to 1, or there are none


@dataclass(frozen=True)
class Payers:
    """The weights by which teams and other pools pay a pool; none is negative."""

    teams: Mapping[str, Fraction]
    pools: Mapping[str, Fraction]

    def positive_pools(self, payable: Iterable[str]) -> Shares:
        """The pools that pay, among those that somebody pays for: what goes to another would be stuck there."""
        return {pool_id: self.pools[pool_id] for pool_id in payable if self.pools.get(pool_id)}


def step_down(payers: Mapping[str, Payers]) -> dict[str, Shares]:
    """Each team's share of every pool, when pools are closed one after the other in the order of `payers`.

    A pool is paid by teams and by the pools that are still open. Read backwards: the last pool is paid by teams alone.
    """
    shares: dict[str, Shares] = {}
    for pool_id in reversed(list(payers)):
        paying = payers[pool_id]
        open_pools = paying.positive_pools(other for other, parts in shares.items() if parts)
        shares[pool_id] = _blended(paying.teams, open_pools, shares)
    return {pool_id: shares[pool_id] for pool_id in payers}


def _blended(teams: Mapping[str, Fraction], pools: Mapping[str, Fraction], shares: Mapping[str, Shares]) -> Shares:
    """The teams' own weights, and those of pools handed on to the teams that pay them, as shares of 1."""
    whole = sum([*teams.values(), *pools.values()])
    if not whole:
        return {}
    blended = {team_id: weight / whole for team_id, weight in teams.items() if weight}
    for pool_id, weight in pools.items():
        for team_id, part in shares[pool_id].items():
            blended[team_id] = blended.get(team_id, Fraction(0)) + part * weight / whole
    return blended


def reciprocal(payers: Mapping[str, Payers]) -> dict[str, Shares]:
    """Each team's share of every pool, when pools pay each other at once: S = B + A S, so (I - A) S = B.

    A row of A holds the shares of a pool that other pools pay, one of B those that teams pay; both add up to 1.
    Pools from which no cost finds its way to a team are left out: they have no shares. From all others it does, so the
    powers of A vanish and the system has exactly one solution, without a negative number in it.
    """
    pays = {pool_id: any(each.teams.values()) for pool_id, each in payers.items()}
    payable = _reaching(pays, {pool_id: frozenset(each.positive_pools(payers)) for pool_id, each in payers.items()})
    order = [pool_id for pool_id in payers if pool_id in payable]
    matrix, teams = [], sorted({team_id for pool_id in order for team_id in payers[pool_id].teams})
    for pool_id in order:
        paying = payers[pool_id]
        others = paying.positive_pools(order)
        whole = sum([*paying.teams.values(), *others.values()])
        left = [Fraction(pool_id == other) - others.get(other, Fraction(0)) / whole for other in order]
        matrix.append(left + [paying.teams.get(team_id, Fraction(0)) / whole for team_id in teams])
    solved = _eliminated(matrix)
    shares = {
        pool_id: {team_id: part for team_id, part in zip(teams, row, strict=True) if part}
        for pool_id, row in zip(order, solved, strict=True)
    }
    return {pool_id: shares.get(pool_id, {}) for pool_id in payers}


def _eliminated(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    """The right-hand sides that solve a square system, by Gauss-Jordan elimination.

    I - A is a non-singular M-matrix, whose leading minors are all positive: no row needs to be exchanged.
    """
    size = len(matrix)
    for step in range(size):
        pivot = matrix[step][step]
        assert pivot > 0, "a pool that reaches a team has a solution"
        matrix[step] = [value / pivot for value in matrix[step]]
        for row in range(size):
            if row != step and (factor := matrix[row][step]):
                matrix[row] = [value - factor * own for value, own in zip(matrix[row], matrix[step], strict=True)]
    return [row[size:] for row in matrix]


def _reaching(pays: Mapping[str, bool], edges: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The pools that teams pay, and those that hand cost on to such a pool, over however many others."""
    found = {pool_id for pool_id, has_team in pays.items() if has_team}
    while more := {pool_id for pool_id, others in edges.items() if pool_id not in found and others & found}:
        found |= more
    return frozenset(found)


def pools_named(pool: Pool) -> frozenset[str]:
    """The other pools that a pool names as payers."""
    return frozenset(pool.pool_weights if pool.split is Split.FIXED else pool.among_pools) - {pool.id}


def only_feeding_each_other(pools: Iterable[Pool]) -> frozenset[str]:
    """The pools whose cost can never reach a team, because they and the pools that they name only name each other."""
    declared = {pool.id: pool for pool in pools}
    edges = {pool_id: pools_named(pool) for pool_id, pool in declared.items()}
    pays = {pool_id: _names_teams(pool) for pool_id, pool in declared.items()}
    return frozenset(declared) - _reaching(pays, edges)


def _names_teams(pool: Pool) -> bool:
    if pool.split is Split.FIXED:
        return bool(pool.weights)
    return bool(pool.among) or not pool.among_pools
