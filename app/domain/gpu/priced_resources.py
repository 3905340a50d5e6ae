"""The prices of charge keys, put together by resource: what a machine with GPUs came to in an hour, as a whole."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from app.domain.gpu.charges import GpuCharge, Meters
from app.domain.gpu.price import PricedHour, PurchaseOption
from app.domain.money import EXACT, ZERO

_HOURS = Context(prec=28, rounding=ROUND_HALF_EVEN)  # of hours, which are no money
_HOURS_A_DAY = 24


@dataclass(frozen=True)
class Metered:
    """What a charge key says of itself, whatever the hour."""

    charge: GpuCharge
    resource_id: str | None
    billing_currency: str


class KeyPrice(NamedTuple):
    """What a charge key came to in an hour, or on a day; `hours` are those that its meter counted."""

    key: Metered
    hour: datetime  # in UTC
    is_daily: bool
    effective_cost: Decimal
    hours: Decimal | None
    team_id: str | None
    pool_id: str | None


class _Machine(NamedTuple):
    """What a resource is."""

    boards: int | None
    accelerator: str | None


class _Part(NamedTuple):
    """What is told apart within an hour, besides owners."""

    resource_id: str | None
    billing_currency: str
    purchase_option: PurchaseOption
    is_unused_commitment: bool
    machine: _Machine


_Group = tuple[int, datetime, bool, str | None, str | None]  # a part by number, hour, whether daily, team, pool


def priced_resources(prices: Sequence[KeyPrice], billing_period_start: date) -> list[PricedHour]:
    """The priced hours of a billing period, by resource and hour; their costs add up to those of `prices`."""
    keys = {id(price.key): price.key for price in prices}  # a key is one object, and hashing it for each hour is slow
    machines = _machines(keys.values(), prices)
    parts = {number: _part(key, machines) for number, key in keys.items()}
    numbers = {part: number for number, part in parts.items()}
    same = {number: numbers[part] for number, part in parts.items()}
    costs: dict[_Group, Decimal] = {}
    hours: dict[_Group, Decimal] = {}
    for price in prices:
        number = id(price.key)
        group = same[number], price.hour, price.is_daily, price.team_id, price.pool_id
        before = costs.get(group)
        costs[group] = price.effective_cost if before is None else EXACT.add(before, price.effective_cost)
        if (ran := _node_hours(price, parts[number].machine)) is not None:
            hours[group] = _HOURS.add(hours.get(group, ZERO), ran)
    return [
        _priced_hour(parts[group[0]], group, cost, hours.get(group), billing_period_start)
        for group, cost in costs.items()
    ]


def _priced_hour(
    part: _Part, group: _Group, cost: Decimal, hours: Decimal | None, billing_period_start: date
) -> PricedHour:
    _, hour, is_daily, team_id, pool_id = group
    return PricedHour(
        resource_id=part.resource_id,
        hour=hour,
        is_daily=is_daily,
        effective_cost=cost,
        billing_currency=part.billing_currency,
        purchase_option=part.purchase_option,
        node_hours=hours,
        boards=part.machine.boards,
        accelerator=part.machine.accelerator,
        team_id=team_id,
        pool_id=pool_id,
        is_unused_commitment=part.is_unused_commitment,
        charge_day=hour.date(),
        billing_period_start=billing_period_start,
    )


def _part(key: Metered, machines: Mapping[str | None, _Machine]) -> _Part:
    charge = key.charge
    machine = machines.get(key.resource_id) or _Machine(charge.boards, charge.accelerator)
    return _Part(key.resource_id, key.billing_currency, charge.purchase_option, charge.is_unused_commitment, machine)


def _machines(keys: Iterable[Metered], prices: Iterable[KeyPrice]) -> Mapping[str | None, _Machine]:
    """What each resource is, by all of its charges. Without a resource, each charge speaks for itself."""
    charges: defaultdict[str, list[GpuCharge]] = defaultdict(list)
    for key in keys:
        if key.resource_id is not None:
            charges[key.resource_id].append(key.charge)
    counted = _boards_counted(prices)
    return {
        resource: _Machine(
            max((each.boards for each in found if each.boards), default=counted.get(resource)),
            next((each.accelerator for each in found if each.accelerator), None),
        )
        for resource, found in charges.items()
    }


def _boards_counted(prices: Iterable[KeyPrice]) -> Mapping[str | None, int]:
    """How many boards a resource has whose bill meters their hours and says no count (GCP): as many as ran at once."""
    ran: defaultdict[tuple[str | None, datetime, bool], Decimal] = defaultdict(lambda: ZERO)
    for price in prices:
        if price.key.charge.meters is Meters.BOARDS and price.hours:
            place = price.key.resource_id, price.hour, price.is_daily
            ran[place] = _HOURS.add(ran[place], price.hours)
    boards: dict[str | None, int] = {}
    for (resource, _, is_daily), hours in ran.items():
        at_once = math.ceil(hours / _HOURS_A_DAY if is_daily else hours)
        boards[resource] = max(boards.get(resource, 1), at_once)
    return boards


def _node_hours(price: KeyPrice, machine: _Machine) -> Decimal | None:
    if price.hours is None or price.key.charge.meters is Meters.NEITHER:
        return None
    if price.key.charge.meters is Meters.NODES:
        return price.hours
    return _HOURS.divide(price.hours, Decimal(machine.boards)) if machine.boards else None
