"""A FOCUS row on its way to a file, and which columns each FOCUS version has."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from ingest.focus.spec import ENTITIES_SINCE_1_3, SINCE_1_0, SINCE_1_1, SINCE_1_2

Value = str | Decimal | date | Mapping[str, str] | None
Row = dict[str, Value]

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
DATES = frozenset({"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"})
MAPS = frozenset({"Tags", "SkuPriceDetails"})
DECIMALS = frozenset(
    {
        *COSTS,
        "ListUnitPrice",
        "ContractedUnitPrice",
        "PricingQuantity",
        "ConsumedQuantity",
        "CommitmentDiscountQuantity",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice",
    }
)

FOCUS_1_0 = tuple(sorted(SINCE_1_0))
# Capacity reservations are left out, for nobody here buys one; so are 1.3's split-cost columns, for nobody splits.
_UNUSED = frozenset({"CapacityReservationId", "CapacityReservationStatus"})
FOCUS_1_2 = (*FOCUS_1_0, *sorted({*SINCE_1_1, *SINCE_1_2} - _UNUSED))
FOCUS_1_3 = (*FOCUS_1_2, *sorted(ENTITIES_SINCE_1_3))
