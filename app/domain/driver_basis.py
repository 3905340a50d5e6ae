"""What a pool that is split by a driver goes by in a billing period: each team's quantity, and what was left out."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.driver import DimensionQuantity
from app.domain.money import EXACT, ZERO, total
from app.domain.policy import DriverSplit, Pool, Split


class FellBack(StrEnum):
    """Why a pool is not split by its driver."""

    NO_QUANTITY = "no_quantity"  # the billing period has none
    NO_TEAM = "no_team"  # it has some, and no team that can pay has a positive one
    SEVERAL_UNITS = "several_units"  # which cannot be added


@dataclass(frozen=True)
class DriverBasis:
    """What a pool goes by in a billing period and currency.

    `by_team` and `left_out` together are every quantity of the driver that passes the split's filters, in one unit;
    `idle` is what of `by_team` the team that pays for idle has been given.
    """

    used: Split  # driver, or the fallback
    fell_back: FellBack | None
    unit: str | None
    by_team: Mapping[str, Decimal]
    left_out: Mapping[str | None, Decimal]  # by value of the dimension: it stands for no team that pays
    idle: Decimal = ZERO


def driver_basis(
    split: DriverSplit, payers: AbstractSet[str], currency: str, quantities: Iterable[DimensionQuantity]
) -> DriverBasis:
    """What the split goes by among `payers`, the teams that exist and may have a quantity.

    Quantities in several units are not added: those in the pool's own currency are taken, if there are any, as of
    gateways that estimate in different currencies. Otherwise the fallback is used, as it is when no team has anything.
    """
    rows = tuple(quantities)
    units = sorted({row.unit for row in rows})
    if not units:
        return DriverBasis(split.fallback, FellBack.NO_QUANTITY, None, {}, {})
    if len(units) > 1 and currency not in units:
        return DriverBasis(split.fallback, FellBack.SEVERAL_UNITS, None, {}, {})
    unit = units[0] if len(units) == 1 else currency
    by_team: dict[str, Decimal] = {}
    left_out: dict[str | None, Decimal] = {}
    for row in rows:
        if row.unit != unit:
            continue
        team = _team(split, row)
        if team in payers and team is not None:
            by_team[team] = EXACT.add(by_team.get(team, ZERO), row.quantity)
        else:
            left_out[row.value] = EXACT.add(left_out.get(row.value, ZERO), row.quantity)
    if not any(quantity > 0 for quantity in by_team.values()):
        return DriverBasis(split.fallback, FellBack.NO_TEAM, unit, by_team, left_out)
    idle = total(row.quantity for row in rows if row.idle and row.unit == unit and split.idle_team in payers)
    return DriverBasis(Split.DRIVER, None, unit, by_team, left_out, idle)


def _team(split: DriverSplit, row: DimensionQuantity) -> str | None:
    if row.idle and (split.leave_out_idle or split.idle_team):
        return split.idle_team
    if row.value is None or not split.teams:
        return row.value
    return split.teams.get(row.value)


def left_out_total(basis: DriverBasis) -> Decimal:
    """The quantity that stands for no team that pays."""
    return total(basis.left_out.values())


def split_words(pool: Pool, basis: DriverBasis | None) -> str:
    """How a pool was split, in words for a statement: `evenly`, `by gateway_spend`, or the fallback and why."""
    if pool.by is None or basis is None:
        return _HOW[pool.split]
    if basis.fell_back is None:
        return f"by {pool.by.driver}"
    return f"{_HOW[basis.used]}, because {_WHY[basis.fell_back].format(pool.by.driver)}"


_HOW = {Split.PROPORTIONAL: "by direct cost", Split.EVEN: "evenly", Split.FIXED: "by fixed weights"}
_WHY = {
    FellBack.NO_QUANTITY: "there is no {} in the month",
    FellBack.NO_TEAM: "no team that pays has any {} in the month",
    FellBack.SEVERAL_UNITS: "the month has {} in several units",
}
