"""The prices of charge keys put together by resource."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from app.domain.gpu.charges import GpuCharge, Meters
from app.domain.gpu.price import PricedHour, PurchaseOption
from app.domain.gpu.priced_resources import KeyPrice, Metered, priced_resources
from app.domain.money import EXACT, total

MARCH = date(2026, 3, 1)
START = datetime(2026, 3, 2, tzinfo=UTC)


def metered(meters: Meters = Meters.NODES, resource: str | None = "i-1", currency: str = "USD", **said: Any) -> Metered:
    told: dict[str, Any] = {"purchase_option": PurchaseOption.ON_DEMAND, "is_unused_commitment": False, **said}
    return Metered(GpuCharge(meters, **told), resource, currency)


def price(key: Metered, cost: str = "1", hours: str | None = None, *, hour: int = 0, **cells: Any) -> KeyPrice:
    told = {"is_daily": False, "team_id": None, "pool_id": None, **cells}
    return KeyPrice(key, START + timedelta(hours=hour), told["is_daily"], Decimal(cost),
                    Decimal(hours) if hours else None, told["team_id"], told["pool_id"])  # fmt: skip


def test_the_charges_of_a_machine_are_one_price() -> None:
    gpus = metered(Meters.BOARDS, accelerator="H100-SXM5-80GB")
    cores = metered(Meters.NEITHER)
    found = priced_resources([price(gpus, "70", "8"), price(cores, "9.5"), price(gpus, "35", "4", hour=1)], MARCH)
    assert [(each.effective_cost, each.node_hours, each.boards, each.accelerator) for each in found] == [
        (Decimal("79.5"), 1, 8, "H100-SXM5-80GB"),
        (Decimal(35), Decimal("0.5"), 8, "H100-SXM5-80GB"),
    ]


def test_a_day_of_board_hours_tells_how_many_boards_ran_at_once() -> None:
    gpus = metered(Meters.BOARDS)
    (found,) = priced_resources([price(gpus, "70", "90", is_daily=True)], MARCH)
    assert (found.boards, found.node_hours) == (4, Decimal("22.5"))


def told(found: list[PricedHour]) -> list[tuple[Any, ...]]:
    return [(each.effective_cost, each.node_hours) for each in found]


def test_what_was_bought_another_way_or_has_another_owner_is_apart() -> None:
    spot = metered(purchase_option=PurchaseOption.SPOT)
    prices = [
        price(metered(), "1", "0.25", team_id="search"),
        price(metered(), "2", "0.25", pool_id="platform"),
        price(spot, "4", "0.5"),
        price(metered(currency="EUR"), "8"),
        price(metered(is_unused_commitment=True), "16"),
    ]
    found = priced_resources(prices, MARCH)
    assert told(found) == [
        (1, Decimal("0.25")), (2, Decimal("0.25")), (4, Decimal("0.5")), (8, None), (16, None),
    ]  # fmt: skip


def test_without_a_resource_every_charge_speaks_for_itself() -> None:
    prices = [price(metered(resource=None, boards=8)), price(metered(resource=None, boards=1), "2")]
    assert {each.boards: each.effective_cost for each in priced_resources(prices, MARCH)} == {
        8: Decimal(1),
        1: Decimal(2),
    }


keys = some.builds(
    metered,
    some.sampled_from(Meters),
    some.sampled_from(["i-1", "i-2", None]),
    some.sampled_from(["USD", "EUR"]),
    purchase_option=some.sampled_from(PurchaseOption),
    boards=some.sampled_from([None, 1, 8]),
    is_unused_commitment=some.booleans(),
)
costs = some.decimals(allow_nan=False, allow_infinity=False, places=24, min_value=-(10**9), max_value=10**9)
prices_of_keys = some.builds(
    KeyPrice,
    keys,
    some.integers(0, 40).map(lambda hour: START + timedelta(hours=hour)),
    some.booleans(),
    costs,
    some.none() | some.decimals(min_value=0, max_value=200, places=9),
    some.sampled_from([None, "search"]),
    some.sampled_from([None, "platform"]),
)


def sums(prices: list[KeyPrice] | list[PricedHour]) -> dict[tuple[str | None, datetime, str], Decimal]:
    found: defaultdict[tuple[str | None, datetime, str], Decimal] = defaultdict(Decimal)
    for each in prices:
        told = each if isinstance(each, PricedHour) else each.key
        place = told.resource_id, each.hour, told.billing_currency
        found[place] = EXACT.add(found[place], each.effective_cost)
    return dict(found)


@given(some.lists(prices_of_keys, max_size=30))
def test_no_cost_is_lost_or_moved(prices: list[KeyPrice]) -> None:
    found = priced_resources(prices, MARCH)
    assert sums(found) == sums(prices)
    assert total(each.effective_cost for each in found) == total(each.effective_cost for each in prices)
    assert all(each.charge_day == each.hour.date() and each.billing_period_start == MARCH for each in found)
    assert len({(e.resource_id, e.hour, e.is_daily, e.billing_currency, e.purchase_option, e.team_id, e.pool_id,
                 e.is_unused_commitment, e.boards, e.accelerator) for e in found}) == len(found)  # fmt: skip
