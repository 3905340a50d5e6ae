"""A day of a resource adds up: minutes to those paid for, money to the bill, to the last digit."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.cutting import cut, rounded
from app.domain.gpu.minutes import WHOLE_HOUR, span
from app.domain.gpu.price import PricedHour, PurchaseOption
from app.domain.gpu.resource_window import ResourceWindow, SeenNode, minute_factors, node_hours, resource_mix
from app.domain.gpu.sharing import Share
from app.domain.gpu.states import WasteState
from app.domain.gpu.waste_day import Waste, WasteDay
from app.domain.gpu.waterfall import NodeHour, minutes_of
from app.domain.money import EXACT, total
from tests.app.domain.gpu.boards import HOUR, NODE
from tests.app.domain.gpu.boards import node_hours as hours_of_nodes

costs = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places, context=EXACT),
    st.integers(-(10**20), 10**20),
    st.integers(0, 24),
)


def priced(cost: str | Decimal, hours: str | Decimal | None = "1", **more: object) -> PricedHour:
    said = {
        "resource_id": "i-1",
        "hour": datetime(2026, 3, 29, 1, tzinfo=UTC),
        "is_daily": False,
        "billing_currency": "USD",
        "purchase_option": PurchaseOption.ON_DEMAND,
        "boards": 2,
        "accelerator": "H100",
        "team_id": "platform",
        "pool_id": None,
        "is_unused_commitment": False,
        "charge_day": date(2026, 3, 29),
        "billing_period_start": date(2026, 3, 1),
        **more,
    }
    return PricedHour(effective_cost=Decimal(cost), node_hours=None if hours is None else Decimal(hours), **said)  # type: ignore[arg-type]


def day(*windows: ResourceWindow) -> WasteDay:
    found = WasteDay()
    for window in windows:
        ran = node_hours(window.parts)
        mix = resource_mix(window, ran, {})
        found.add(window.parts, minute_factors(window.parts, ran, is_counted=False), mix)
    return found


def by_state(found: WasteDay, what: str = "effective_cost") -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for _, cell, waste in found.cells():
        sums[cell.state.value] = EXACT.add(sums.get(cell.state.value, Decimal(0)), getattr(waste, what))
    return sums


def seen(*works: Workload, down: int = 0) -> SeenNode:
    boards: dict[int, list[Workload]] = {}
    for work in works:
        boards.setdefault(work.fact.board_id, []).append(work)
    return SeenNode(NODE, None, [NodeHour(down, boards)])


def idle(board: int, *, owner: int | None = 1) -> Workload:
    fact = BoardHour(HOUR, NODE, board, WHOLE_HOUR, 0, owner_id=owner, activity_source="sm_active")
    return Workload(fact, team_id="search", held=WHOLE_HOUR, beyond=span(30, 60))


def busy(board: int) -> Workload:
    return Workload(BoardHour(HOUR, NODE, board, WHOLE_HOUR, WHOLE_HOUR, owner_id=2), team_id="speech")


def test_an_hour_costs_what_the_bill_says_whoever_had_it() -> None:
    found = day(ResourceWindow([priced("10.01")], [seen(idle(1), busy(2))]))
    assert by_state(found) == {"idle_held": Decimal("5.005"), "productive": Decimal("5.005")}
    assert by_state(found, "board_minutes") == {"idle_held": 60, "productive": 60}
    assert by_state(found, "recoverable_capacity_cost") == {"idle_held": Decimal("2.5025"), "productive": 0}
    assert by_state(found, "recoverable_bill_cost") == {"idle_held": 0, "productive": 0}  # the node is in use


@pytest.mark.parametrize(
    ("option", "saving"),
    [
        (PurchaseOption.ON_DEMAND, "5"),
        (PurchaseOption.SPOT, "5"),
        (PurchaseOption.COMMITTED, "0"),
        (PurchaseOption.CAPACITY_BLOCK, "0"),
        (PurchaseOption.OWNED, "0"),
        (PurchaseOption.CATALOGUE, "0"),
    ],
)
def test_an_idle_hour_is_waste_however_it_is_paid_for_and_saves_nothing_under_a_commitment(
    option: PurchaseOption, saving: str
) -> None:
    found = day(ResourceWindow([priced("10", purchase_option=option)], [seen(idle(1), idle(2))]))
    assert by_state(found) == {"idle_held": Decimal(10)}
    assert by_state(found, "recoverable_capacity_cost") == {"idle_held": Decimal(5)}
    assert by_state(found, "recoverable_bill_cost") == {"idle_held": Decimal(saving)}


def test_a_bill_without_telemetry_is_unknown_in_whole() -> None:
    found = day(ResourceWindow([priced("3.3", "0.5")], only_node_id=7))
    assert [(cell.state, cell.node_id, waste.board_minutes) for _, cell, waste in found.cells()] == [
        (WasteState.UNKNOWN, 7, Decimal(60))
    ]


def test_a_commitment_that_nobody_used_has_no_board() -> None:
    found = day(ResourceWindow([priced("7", is_unused_commitment=True, resource_id=None)]))
    assert by_state(found) == {"unused_commitment": Decimal(7)}
    assert by_state(found, "recoverable_bill_cost") == {"unused_commitment": 0}


def test_an_hour_that_was_bought_two_ways_counts_its_minutes_once() -> None:
    parts = [priced("6", "0.75", purchase_option=PurchaseOption.COMMITTED), priced("4", "0.25"), priced("1", None)]
    found = day(ResourceWindow(parts, [seen(busy(1), busy(2))]))
    assert by_state(found, "board_minutes") == {"productive": 120}
    assert by_state(found) == {"productive": 11}


def test_a_correction_of_an_earlier_month_moves_money_and_no_minutes() -> None:
    later = priced("-2", None, billing_period_start=date(2026, 4, 1))
    found = day(ResourceWindow([later], [seen(idle(1), busy(2))]))
    assert by_state(found) == {"idle_held": -1, "productive": -1}
    assert set(by_state(found, "board_minutes").values()) == {0}


def test_hours_that_are_given_back_are_less_than_none() -> None:
    found = day(ResourceWindow([priced("-5", "-1")], [seen(busy(1), busy(2))]))
    assert by_state(found) == {"productive": -5}
    assert by_state(found, "board_minutes") == {"productive": -120}


def test_a_price_that_changes_within_a_day_splits_each_hour_by_its_own() -> None:
    windows = [
        ResourceWindow([priced("10")], [seen(idle(1), busy(2))]),
        ResourceWindow([priced("1")], [seen(busy(1), busy(2))]),
    ]
    assert by_state(day(*windows)) == {"idle_held": 5, "productive": 6}


def test_a_daily_bill_pays_for_the_hours_it_says() -> None:
    hours = [NodeHour(0, {1: [busy(1)], 2: [idle(2)]}) if hour < 6 else NodeHour(0, {}) for hour in range(24)]
    window = ResourceWindow([priced("80", "8", is_daily=True)], [SeenNode(NODE, None, hours)])
    assert by_state(day(window)) == {"productive": 30, "idle_held": 30, "unknown": 20}


def test_a_scale_set_of_five_nodes_of_which_two_were_seen() -> None:
    nodes = [
        SeenNode(number, None, [NodeHour(0, {number: [busy(number)], 10 + number: [idle(9)]})]) for number in (1, 2)
    ]
    found = day(ResourceWindow([priced("50", "5")], nodes))
    assert by_state(found) == {"productive": 10, "idle_held": 10, "unknown": 30}


@settings(max_examples=25)
@given(st.lists(st.tuples(st.lists(st.tuples(costs, st.sampled_from(["1", "0.3", "-1", "0", None])), min_size=1,
       max_size=3), hours_of_nodes()), min_size=1, max_size=4))  # fmt: skip
def test_the_states_come_to_the_bill_to_the_last_digit(
    drawn: list[tuple[list[tuple[Decimal, str | None]], NodeHour]],
) -> None:
    """With MIG, sharing, gaps, partial hours, several prices a day, credits: nothing is lost or made up."""
    windows = [
        ResourceWindow([priced(cost, hours) for cost, hours in parts], [SeenNode(NODE, None, [hour])])
        for parts, hour in drawn
    ]
    cells = [waste for _, _, waste in day(*windows).cells()]
    assert total(each.effective_cost for each in cells) == total(cost for parts, _ in drawn for cost, _ in parts)
    for waste in cells:
        _within(waste)


def _within(waste: Waste) -> None:
    """What is recoverable is a part of the cost, and the bill a part of what is recoverable."""
    slack = Decimal("1e-11")  # each is cut by itself, to the last digit
    assert abs(waste.recoverable_capacity_cost) <= abs(waste.effective_cost) + slack
    assert abs(waste.recoverable_bill_cost) <= abs(waste.recoverable_capacity_cost) + slack


@settings(max_examples=25)
@given(st.lists(hours_of_nodes(), min_size=1, max_size=3), st.sampled_from(["1", "0.25", "2"]))
def test_the_minutes_come_to_those_paid_for_or_seen(hours: list[NodeHour], ran: str) -> None:
    for hour in hours:
        window = ResourceWindow([priced("1", ran)], [SeenNode(NODE, 2, [hour])])
        observed = sum(_union(works).bit_count() for works in hour.boards.values())
        paid = round(Fraction(ran) * 60) * 2
        assert max(paid, observed) <= minutes_of(resource_mix(window, Fraction(ran), {})) <= paid + observed


def _union(works: Sequence[Workload]) -> int:
    found = 0
    for work in works:
        found |= work.fact.observed
    return found


weights = st.lists(st.one_of(st.integers(0, 480), st.fractions(0, 60, max_denominator=420)), min_size=1, max_size=9)


@given(costs, weights.filter(any))
def test_a_cut_amount_adds_up(amount: Decimal, by: list[Share]) -> None:
    parts = cut(amount, by)
    assert total(parts) == amount
    unit = Fraction(Decimal(1).scaleb(min(-12, int(amount.as_tuple().exponent))))
    whole = sum(by, start=0)
    for part, weight in zip(parts, by, strict=True):
        assert abs(Fraction(part) - Fraction(amount) * weight / whole) < unit


@given(weights)
def test_rounded_quantities_add_up(quantities: list[Share]) -> None:
    exact = Fraction(sum(quantities, start=0))
    assert abs(Fraction(total(rounded(quantities))) - exact) <= Fraction(1, 2 * 10**6)
