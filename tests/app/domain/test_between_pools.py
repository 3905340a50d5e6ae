"""Pools that pay for pools: step-down and reciprocal, exactly."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.allocation import PARTS, SingularPools, pool_parts, shares_of_pools
from app.domain.policy import BetweenPools, Pool, Split

TEAMS = frozenset({"search", "speech", "vision"})
POOLS = ("a", "b", "c", "d")
EVERY = tuple(BetweenPools)
LINKED = (BetweenPools.STEP_DOWN, BetweenPools.RECIPROCAL)

weights = st.decimals("0.001", "1000", places=3)
costs = st.decimals("-100", "1000", places=6)


@st.composite
def a_pool(draw: st.DrawFn, pool_id: str) -> Pool:
    """A pool that at least one team pays for, and perhaps others among POOLS."""
    others = st.sampled_from([other for other in POOLS if other != pool_id])
    if draw(st.booleans()):
        teams = draw(st.dictionaries(st.sampled_from(sorted(TEAMS)), weights, min_size=1))
        pools = draw(st.dictionaries(others, weights))
        return Pool(pool_id, pool_id, Split.FIXED, weights=teams, pool_weights=pools)
    split = draw(st.sampled_from([Split.EVEN, Split.PROPORTIONAL]))
    among = draw(st.frozensets(st.sampled_from(sorted(TEAMS)), min_size=1))
    return Pool(pool_id, pool_id, split, among=among, among_pools=draw(st.frozensets(others)))


linked_pools = st.tuples(*(a_pool(pool_id) for pool_id in POOLS))
of_teams = st.dictionaries(st.sampled_from(sorted(TEAMS)), costs)
of_pools = st.dictionaries(st.sampled_from(POOLS), costs)


def fixed(pool_id: str, pools: dict[str, int] | None = None, **teams: int) -> Pool:
    return Pool(
        pool_id,
        pool_id,
        Split.FIXED,
        weights={team: Decimal(weight) for team, weight in teams.items()},
        pool_weights={other: Decimal(weight) for other, weight in (pools or {}).items()},
    )


def shares(*pools: Pool, between: BetweenPools, teams: frozenset[str] = TEAMS) -> dict[str, dict[str, Fraction]]:
    found = shares_of_pools(pools, between, teams, {}, {}, {})
    return {pool: {team: Fraction(n, PARTS) for team, n in parts.items()} for pool, parts in found.items()}


# Two service departments and two that sell, with the proportions of the textbooks' example: S1 serves S2 with 0.2 and
# S2 serves S1 with 0.1.
IT = fixed("it", {"hr": 2}, search=5, speech=3)
HR = fixed("hr", {"it": 1}, search=4, speech=5)


def test_a_closed_pool_takes_no_more() -> None:
    found = shares(IT, HR, between=BetweenPools.STEP_DOWN)
    # hr hands on to the teams 4 : 5; of it they pay 5/10 and 3/10, and their parts of the 2/10 that hr takes.
    assert found["hr"] == {"search": Fraction(444_444_444_444, PARTS), "speech": Fraction(555_555_555_556, PARTS)}
    assert abs(found["it"]["search"] - (Fraction(1, 2) + Fraction(1, 5) * Fraction(4, 9))) < Fraction(1, PARTS)


def test_reciprocal_pools_take_their_part_of_each_other() -> None:
    found = shares(IT, HR, between=BetweenPools.RECIPROCAL)
    # it = 0.5 + 0.2 hr and hr = 0.4 + 0.1 it for search: it = 0.58 / 0.98.
    assert abs(found["it"]["search"] - Fraction(58, 98)) < Fraction(1, PARTS)
    assert abs(found["hr"]["search"] - Fraction(45, 98)) < Fraction(1, PARTS)


def test_pools_that_only_feed_each_other_are_refused_by_name() -> None:
    with pytest.raises(SingularPools, match="The pools `a`, `b` only pay for each other") as error:
        shares(fixed("a", {"b": 1}), fixed("b", {"a": 1}), fixed("c", search=1), between=BetweenPools.RECIPROCAL)
    assert error.value.pool_ids == ("a", "b")


@pytest.mark.parametrize("between", LINKED)
def test_a_pool_that_nobody_can_pay_for_pays_for_no_other(between: BetweenPools) -> None:
    found = shares(fixed("a", {"b": 9}, search=1), fixed("b", gone=1), between=between)
    assert found == {"a": {"search": 1}, "b": {}}


def test_without_direct_cost_reciprocal_pools_stay_unallocated_and_are_no_error() -> None:
    pools = [
        Pool(pool_id, pool_id, Split.PROPORTIONAL, among=TEAMS, among_pools=frozenset(other))
        for pool_id, other in (("a", "b"), ("b", "a"))
    ]
    found = shares_of_pools(pools, BetweenPools.RECIPROCAL, TEAMS, {}, {"a": Decimal(5), "b": Decimal(7)}, {})
    assert found == {"a": {}, "b": {}}


def test_a_pool_weighs_by_its_own_direct_cost_in_a_proportional_split() -> None:
    pool = Pool("a", "A", Split.PROPORTIONAL, among=frozenset({"search"}), among_pools=frozenset({"b", "c"}))
    pools = (pool, fixed("b", speech=1), fixed("c", vision=1))
    direct_of_pools = {"a": Decimal(99), "b": Decimal(3), "c": Decimal(-8)}  # c's credits exceed its cost
    found = shares_of_pools(pools, BetweenPools.STEP_DOWN, TEAMS, {"search": Decimal(1)}, direct_of_pools, {})
    assert found["a"] == {"search": PARTS // 4, "speech": PARTS * 3 // 4}


@settings(max_examples=25)
@given(pools=linked_pools, between=st.sampled_from(EVERY), teams=of_teams, direct=of_pools)
def test_the_parts_of_each_pool_add_up(
    pools: tuple[Pool, ...], between: BetweenPools, teams: dict[str, Decimal], direct: dict[str, Decimal]
) -> None:
    found = shares_of_pools(pools, between, TEAMS, teams, direct, {})
    assert found.keys() == {pool.id for pool in pools}
    for parts in found.values():
        assert sum(parts.values()) in {0, PARTS}
        assert all(count > 0 for count in parts.values())


@settings(max_examples=25)
@given(pools=linked_pools, between=st.sampled_from(EVERY), teams=of_teams)
def test_pools_that_name_no_pools_are_split_as_if_alone(
    pools: tuple[Pool, ...], between: BetweenPools, teams: dict[str, Decimal]
) -> None:
    alone = [Pool(pool.id, pool.name, pool.split, pool.among, pool.weights) for pool in pools]
    found = shares_of_pools(alone, between, TEAMS, teams, {}, {})
    assert found == {pool.id: pool_parts(pool, TEAMS, teams) for pool in alone}


@settings(max_examples=25)
@given(pools=linked_pools, teams=of_teams, direct=of_pools, order=st.randoms(use_true_random=False))
def test_the_order_of_reciprocal_pools_does_not_matter(
    pools: tuple[Pool, ...], teams: dict[str, Decimal], direct: dict[str, Decimal], order: random.Random
) -> None:
    shuffled = list(pools)
    order.shuffle(shuffled)
    first, second = (
        shares_of_pools(each, BetweenPools.RECIPROCAL, TEAMS, teams, direct, {}) for each in (pools, shuffled)
    )
    assert first == second


@settings(max_examples=25)
@given(pools=linked_pools, pool_costs=st.tuples(*(st.integers(0, 10**6) for _ in POOLS)))
def test_reciprocal_is_what_handing_on_again_and_again_comes_to(
    pools: tuple[Pool, ...], pool_costs: tuple[int, ...]
) -> None:
    """The plain way: hand each pool's cost on to teams and pools until next to nothing is left in the pools."""
    fixed_pools = [
        fixed(
            pool.id,
            dict.fromkeys(pool.pool_weights or pool.among_pools, 1),
            **dict.fromkeys(pool.weights or pool.among, 2),
        )
        for pool in pools
    ]  # at most three pools of weight 1 beside a team of weight 2: a round leaves 3/5 in the pools, at most
    in_pools = {pool.id: Fraction(cost) for pool, cost in zip(fixed_pools, pool_costs, strict=True)}
    paid = dict.fromkeys(TEAMS, Fraction(0))
    for _ in range(60):
        handed = dict.fromkeys(POOLS, 0.0)
        for pool in fixed_pools:
            whole = float(sum([*pool.weights.values(), *pool.pool_weights.values()]))
            for team, weight in pool.weights.items():
                paid[team] += Fraction(float(in_pools[pool.id]) * float(weight) / whole)
            for other, weight in pool.pool_weights.items():
                handed[other] += float(in_pools[pool.id]) * float(weight) / whole
        in_pools = {pool_id: Fraction(cost) for pool_id, cost in handed.items()}
    found = shares_of_pools(fixed_pools, BetweenPools.RECIPROCAL, TEAMS, {}, {}, {})
    owed = dict.fromkeys(TEAMS, Fraction(0))
    for pool, cost in zip(fixed_pools, pool_costs, strict=True):
        for team, parts in found[pool.id].items():
            owed[team] += Fraction(cost * parts, PARTS)
    assert sum(owed.values()) == sum(pool_costs)
    for team in TEAMS:
        assert abs(owed[team] - paid[team]) < Fraction(1, 100)
