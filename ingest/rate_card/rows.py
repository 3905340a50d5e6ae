"""A rate card as FOCUS rows: one for each machine, UTC day and part of its cost.

Billed cost is what was paid, effective cost what was used up: the purchase is billed on its day and has no effective
cost; depreciation is effective and never billed; colocation and power are both. So Σ effective + what is not
depreciated yet + residual values = Σ billed, and no dollar is in one sum twice.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from app.domain.money import ZERO, plain
from app.domain.period import next_month
from ingest.rate_card.card import Machine, RateCard
from ingest.rate_card.schedule import DayCost, depreciation, running, write_off

Row = dict[str, str | None]

COLUMNS = (
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ConsumedQuantity",
    "ConsumedUnit",
    "InvoiceIssuerName",
    "PricingQuantity",
    "PricingUnit",
    "ServiceProviderName",
    "HostProviderName",
    "ServiceCategory",
    "ServiceSubcategory",
    "ServiceName",
    "RegionId",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SubAccountId",
    "Tags",
)
SERVICE_NAME = "Owned GPU machines"


def rows(card: RateCard, month: date) -> Iterator[Row]:
    """The FOCUS rows of a calendar month, machine by machine, day by day."""
    for machine in card.machines:
        purchase, retired_on = machine.purchase, machine.retired_on
        if month <= purchase.bought_on < next_month(month):
            yield _purchase(card, machine)
        for each in depreciation(machine, month):
            yield _depreciation(card, machine, each, "Hardware depreciation")
        if retired_on and month <= retired_on < next_month(month) and (left := write_off(machine)):
            yield _depreciation(card, machine, DayCost(retired_on, left), "Hardware write-off")
        for each in running(machine, month, tuple(machine.colocation)):
            yield _running(card, machine, each, "Colocation")
        for each in running(machine, month, tuple(machine.power)):
            yield _running(card, machine, each, "Power")


def _purchase(card: RateCard, machine: Machine) -> Row:
    price = machine.purchase.price
    return {
        **_common(card, machine, machine.purchase.bought_on, "Hardware purchase"),
        **_costs(billed=price, effective=ZERO, listed=ZERO),
        "ChargeCategory": "Purchase",
        "ChargeFrequency": "One-Time",
        "PricingQuantity": "1",
        "PricingUnit": "Machines",
    }


def _depreciation(card: RateCard, machine: Machine, cost: DayCost, meter: str) -> Row:
    used = meter == "Hardware depreciation"
    gpu_hours = str(machine.gpus * 24) if used else None
    return {
        **_common(card, machine, cost.day, meter),
        **_costs(billed=ZERO, effective=cost.amount, listed=cost.amount),
        "ConsumedQuantity": gpu_hours,
        "ConsumedUnit": "GPU-Hours" if used else None,
        "PricingQuantity": gpu_hours,
        "PricingUnit": "GPU-Hours" if used else None,
    }


def _running(card: RateCard, machine: Machine, cost: DayCost, meter: str) -> Row:
    kwh = plain(cost.kwh) if cost.kwh is not None else None
    return {
        **_common(card, machine, cost.day, meter),
        **_costs(billed=cost.amount, effective=cost.amount, listed=cost.amount),
        "ConsumedQuantity": kwh,
        "ConsumedUnit": "kWh" if kwh else None,
        "PricingQuantity": kwh,
        "PricingUnit": "kWh" if kwh else None,
    }


def _costs(*, billed: Decimal, effective: Decimal, listed: Decimal) -> Row:
    """An owner has no price list: list and contracted cost are what the use of a machine costs."""
    amounts = {"BilledCost": billed, "EffectiveCost": effective, "ListCost": listed, "ContractedCost": listed}
    return {name: plain(amount) for name, amount in amounts.items()}


def _common(card: RateCard, machine: Machine, day: date, meter: str) -> Row:
    month = day.replace(day=1)
    return {
        "BillingAccountId": card.owner_id,
        "BillingAccountName": card.owner_name,
        "BillingCurrency": machine.currency,
        "BillingPeriodStart": _instant(month),
        "BillingPeriodEnd": _instant(next_month(month)),
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{meter} of {machine.name} ({machine.gpus} × {machine.model})",
        "ChargeFrequency": "Recurring",
        "ChargePeriodStart": _instant(day),
        "ChargePeriodEnd": _instant(day + timedelta(days=1)),
        "InvoiceIssuerName": card.owner_name,
        "ServiceProviderName": card.owner_name,
        "HostProviderName": card.owner_name,
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Other (Compute)",
        "ServiceName": SERVICE_NAME,
        "RegionId": machine.site,
        "ResourceId": machine.id,
        "ResourceName": machine.name,
        "ResourceType": "GPU machine",
        "SkuId": machine.model,
        "SkuMeter": meter,
        "SkuPriceDetails": json.dumps({"GpuCount": machine.gpus}),
        "SubAccountId": machine.cluster,
        "Tags": json.dumps(machine.tags, sort_keys=True) if machine.tags else None,
    }


def _instant(day: date) -> str:
    return f"{day}T00:00:00Z"
