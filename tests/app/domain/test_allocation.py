import random
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import PARTS, parts_of, payers, pool_parts, share
from app.domain.driver import DimensionQuantity
from app.domain.driver_basis import DriverBasis, driver_basis
from app.domain.money import EXACT
from app.domain.policy import FALLBACKS, DriverSplit, Pool, Split

TEAMS = frozenset({"finetuning", "pretraining", "search", "speech"})

amounts = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places, context=EXACT),
    st.integers(min_value=-(10**44), max_value=10**44),
    st.integers(min_value=0, max_value=24),
)
costs = st.dictionaries(st.sampled_from(sorted(TEAMS)), amounts)
weights = st.dictionaries(st.sampled_from(sorted(TEAMS)), amounts.map(abs).filter(bool), min_size=1, max_size=4)
pools = st.one_of(
    st.builds(lambda weights: Pool("p", "P", Split.FIXED, weights=weights), weights),
    st.builds(
        lambda split, among: Pool("p", "P", split, among=among),
        st.sampled_from([Split.EVEN, Split.PROPORTIONAL]),
        st.frozensets(st.sampled_from(sorted(TEAMS))),
    ),
)


drivers = st.dictionaries(st.sampled_from([*sorted(TEAMS), "gone", "search-prod"]), amounts)


@st.composite
def driven(draw: st.DrawFn) -> tuple[Pool, DriverBasis]:
    """A pool that is split by a driver, and what it goes by."""
    teams = draw(st.sampled_from([{}, {"search-prod": "search"}, {"search-prod": "gone", "gone": "speech"}]))
    among = draw(st.frozensets(st.sampled_from(sorted(TEAMS)))) if not teams else frozenset()
    by = DriverSplit("tokens", draw(st.sampled_from(FALLBACKS)), teams=teams)
    pool = Pool("p", "P", Split.DRIVER, among=among, by=by)
    rows = [DimensionQuantity(value, "tokens", quantity) for value, quantity in draw(drivers).items()]
    return pool, driver_basis(by, payers(pool, TEAMS), "USD", rows)


def total(values: Mapping[str, Decimal]) -> Decimal:
    result = Decimal(0)
    for value in values.values():
        result = EXACT.add(result, value)
    return result


def shares(amount: Decimal, parts: Mapping[str, int]) -> dict[str, Decimal]:
    return {team_id: share(amount, count) for team_id, count in parts.items()}


def test_an_even_split_of_three_leaves_the_odd_part_to_the_first_team() -> None:
    pool = Pool("support", "Support", Split.EVEN, among=frozenset({"a", "b", "c", "gone"}))
    parts = pool_parts(pool, {"a", "b", "c"}, {})
    assert parts == {"a": 333_333_333_334, "b": 333_333_333_333, "c": 333_333_333_333}
    assert shares(Decimal("100.00"), parts)["a"] == Decimal("33.3333333334")


def test_a_fixed_split_follows_its_weights_among_the_teams_that_exist() -> None:
    pool = Pool("office", "Office", Split.FIXED, weights={"search": Decimal(3), "speech": Decimal(1)})
    assert pool_parts(pool, TEAMS, {}) == {"search": 750_000_000_000, "speech": 250_000_000_000}
    assert pool_parts(pool, {"speech", "finetuning"}, {}) == {"speech": PARTS}


def test_a_proportional_split_follows_direct_cost_and_pays_nobody() -> None:
    pool = Pool("platform", "Platform", Split.PROPORTIONAL)
    direct = {"search": Decimal("30.00"), "speech": Decimal("10.00"), "finetuning": Decimal("-500.00")}
    assert pool_parts(pool, TEAMS, direct) == {"search": 750_000_000_000, "speech": 250_000_000_000}


def test_a_pool_that_names_no_team_is_paid_by_every_team_that_exists() -> None:
    assert payers(Pool("p", "P", Split.EVEN), TEAMS) == TEAMS


def test_when_nobody_can_pay_the_pool_has_no_parts() -> None:
    assert pool_parts(Pool("p", "P", Split.PROPORTIONAL), TEAMS, {"search": Decimal(-1)}) == {}
    assert pool_parts(Pool("p", "P", Split.EVEN, among=frozenset({"gone"})), TEAMS, {}) == {}
    assert pool_parts(Pool("p", "P", Split.FIXED, weights={"gone": Decimal(1)}), TEAMS, {}) == {}


@given(pool=pools, direct=costs)
def test_parts_are_whole_positive_and_add_up(pool: Pool, direct: dict[str, Decimal]) -> None:
    parts = pool_parts(pool, TEAMS, direct)
    assert sum(parts.values()) == (PARTS if parts else 0)
    assert all(count > 0 for count in parts.values())


@given(weights=weights)
def test_parts_are_within_one_of_the_exact_proportion(weights: dict[str, Decimal]) -> None:
    parts = pool_parts(Pool("p", "P", Split.FIXED, weights=weights), TEAMS, {})
    whole = sum(Fraction(weight) for weight in weights.values())
    for team_id, weight in weights.items():
        assert abs(parts.get(team_id, 0) - Fraction(weight) * PARTS / whole) < 1


@given(pool=pools, direct=costs, order=st.randoms(use_true_random=False))
def test_the_order_of_teams_does_not_matter(pool: Pool, direct: dict[str, Decimal], order: random.Random) -> None:
    shuffled = list(direct.items())
    order.shuffle(shuffled)
    assert pool_parts(pool, TEAMS, dict(shuffled)) == pool_parts(pool, TEAMS, direct)


@given(amount=amounts, pool=pools, direct=costs)
def test_shares_lose_nothing(amount: Decimal, pool: Pool, direct: dict[str, Decimal]) -> None:
    parts = pool_parts(pool, TEAMS, direct)
    assert total(shares(amount, parts)) == (amount if parts else 0)


@given(amount=amounts, drawn=driven(), direct=costs)
def test_shares_by_driver_lose_nothing(
    amount: Decimal, drawn: tuple[Pool, DriverBasis], direct: dict[str, Decimal]
) -> None:
    pool, basis = drawn
    parts = pool_parts(pool, TEAMS, direct, basis)
    assert sum(parts.values()) in {0, PARTS}
    assert set(parts) <= payers(pool, TEAMS)
    assert total(shares(amount, parts)) == (amount if parts else 0)
    if basis.used is Split.DRIVER:
        positive = {team_id: Fraction(each) for team_id, each in basis.by_team.items() if each > 0}
        whole = sum(positive.values())
        assert parts
        assert all(abs(parts.get(team_id, 0) - each * PARTS / whole) < 1 for team_id, each in positive.items())


def test_parts_are_shared_again_among_what_a_team_used() -> None:
    within = parts_of({("k1", "gpt"): Fraction(1), ("k2", "gpt"): Fraction(2)}, whole=10)
    assert within == {("k1", "gpt"): 3, ("k2", "gpt"): 7}
    assert parts_of({"nobody": Fraction(0)}) == {}


@given(one=amounts, other=amounts, parts=st.integers(min_value=0, max_value=PARTS))
def test_the_share_of_a_sum_is_the_sum_of_the_shares(one: Decimal, other: Decimal, parts: int) -> None:
    assert share(EXACT.add(one, other), parts) == EXACT.add(share(one, parts), share(other, parts))


@given(amount=amounts, parts=st.integers(min_value=0, max_value=PARTS))
def test_a_share_is_the_exact_fraction(amount: Decimal, parts: int) -> None:
    assert Fraction(share(amount, parts)) == Fraction(amount) * parts / PARTS
