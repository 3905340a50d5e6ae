"""What GPUs cost in an hour, as the bill says it: by resource, purchase option and owner."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class PurchaseOption(StrEnum):
    """How the time of a GPU was bought."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    COMMITTED = "committed"  # covered by a savings plan, a reservation or a committed-use discount, or an unused one
    CAPACITY_BLOCK = "capacity_block"  # prepaid for a span of days
    OWNED = "owned"  # from a rate card
    CATALOGUE = "catalogue"  # no bill: a list price, and no part of any sum that must tie to the bill


@dataclass(frozen=True)
class PricedHour:
    """What one resource came to in a UTC hour, or on a UTC day where its bill is daily.

    A resource has several in an hour where part of it was bought another way or has another owner; their costs add up.
    `node_hours` is how long the resource ran, of all nodes together where it is a scale set; None where the bill does
    not say. `boards` is how many boards one node of it has.
    """

    resource_id: str | None
    hour: datetime  # of a daily bill: midnight UTC
    is_daily: bool
    effective_cost: Decimal
    billing_currency: str
    purchase_option: PurchaseOption
    node_hours: Decimal | None
    boards: int | None
    accelerator: str | None  # the catalogue's name
    team_id: str | None  # the owner of its charges, before sharing
    pool_id: str | None
    is_unused_commitment: bool
    charge_day: date
    billing_period_start: date


@dataclass(frozen=True)
class GpuCost:
    """The GPU part of a billing period's bill in one currency: what the waterfall must add up to."""

    billing_currency: str
    effective_cost: Decimal
