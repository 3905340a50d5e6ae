"""What a pool goes by: the quantities of its driver, mapped to teams."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.driver import DimensionQuantity
from app.domain.driver_basis import DriverBasis, FellBack, driver_basis, left_out_total, split_words
from app.domain.policy import DriverSplit, Pool, Split

PAYERS = frozenset({"search", "speech"})
BY_TEAM = DriverSplit("gateway_spend", Split.EVEN)
BY_NAMESPACE = DriverSplit("opencost_cost", Split.EVEN, "namespace", {"search-prod": "search", "search-dev": "search"})


def rows(*told: tuple[str | None, str], unit: str = "USD") -> list[DimensionQuantity]:
    return [DimensionQuantity(value, unit, Decimal(quantity)) for value, quantity in told]


def basis(split: DriverSplit, quantities: list[DimensionQuantity], currency: str = "USD") -> DriverBasis:
    return driver_basis(split, PAYERS, currency, quantities)


def test_values_that_are_teams_need_no_mapping_and_what_is_no_team_is_left_out() -> None:
    found = basis(BY_TEAM, rows(("search", "3"), ("speech", "1"), ("serch", "5"), (None, "2")))
    assert (found.used, found.fell_back, found.unit) == (Split.DRIVER, None, "USD")
    assert found.by_team == {"search": 3, "speech": 1}
    assert found.left_out == {"serch": 5, None: 2}
    assert left_out_total(found) == 7


def test_a_mapping_names_every_value_that_counts() -> None:
    found = basis(BY_NAMESPACE, rows(("search-prod", "3"), ("search-dev", "0.5"), ("speech", "9")))
    assert found.by_team == {"search": Decimal("3.5")}
    assert found.left_out == {"speech": 9}  # a team's id, but the mapping does not name it


@pytest.mark.parametrize(
    ("quantities", "why", "words"),
    [
        ([], FellBack.NO_QUANTITY, "evenly, because there is no gateway_spend in the month"),
        (
            rows(("other", "1")),
            FellBack.NO_TEAM,
            "evenly, because no team that pays has any gateway_spend in the month",
        ),
        (rows(("search", "-1"), ("speech", "0")), FellBack.NO_TEAM, None),
        (
            [*rows(("search", "1"), unit="EUR"), *rows(("search", "1"), unit="GBP")],
            FellBack.SEVERAL_UNITS,
            "evenly, because the month has gateway_spend in several units",
        ),
    ],
)
def test_without_a_quantity_to_go_by_the_fallback_is_used(
    quantities: list[DimensionQuantity], why: FellBack, words: str | None
) -> None:
    found = basis(BY_TEAM, quantities)
    assert (found.used, found.fell_back) == (Split.EVEN, why)
    if words:
        assert split_words(Pool("p", "P", Split.DRIVER, by=BY_TEAM), found) == words


def test_of_several_currencies_the_pool_s_own_is_taken() -> None:
    quantities = [*rows(("search", "1")), *rows(("speech", "5"), unit="EUR")]
    assert basis(BY_TEAM, quantities, "EUR").by_team == {"speech": 5}
    assert basis(BY_TEAM, rows(("search", "1")), "EUR").by_team == {"search": 1}  # one unit alone needs no match


def test_a_split_is_told_in_words() -> None:
    driven = Pool("p", "P", Split.DRIVER, by=BY_TEAM)
    assert split_words(driven, basis(BY_TEAM, rows(("search", "1")))) == "by gateway_spend"
    assert split_words(Pool("p", "P", Split.PROPORTIONAL), None) == "by direct cost"


def idle_basis(split: DriverSplit, *, payers: frozenset[str] = PAYERS) -> DriverBasis:
    quantities = [*rows(("search", "3"), ("__idle__", "4")), DimensionQuantity(None, "USD", Decimal(2), idle=True)]
    quantities[1] = DimensionQuantity("__idle__", "USD", Decimal(4), idle=True)
    return driver_basis(split, payers, "USD", quantities)


def test_what_is_idle_stands_for_no_team_unless_the_mapping_says_so() -> None:
    assert idle_basis(BY_TEAM).by_team == {"search": 3}
    assert idle_basis(BY_TEAM).left_out == {"__idle__": 4, None: 2}
    mapped = replace(BY_TEAM, teams={"search": "search", "__idle__": "speech"})
    assert idle_basis(mapped).by_team == {"search": 3, "speech": 4}
    assert idle_basis(replace(mapped, leave_out_idle=True)).by_team == {"search": 3}


def test_a_team_may_pay_for_what_is_idle() -> None:
    to_platform = replace(BY_TEAM, idle_team="platform")
    found = idle_basis(to_platform, payers=PAYERS | {"platform"})
    assert found.by_team == {"search": 3, "platform": 6}
    assert not found.left_out
    assert found.idle == 6
    gone = idle_basis(to_platform)  # it does not exist in the period
    assert gone.by_team == {"search": 3}
    assert gone.idle == 0
