"""Small files of Azure cost details, written as a test wants them."""

from typing import Any

Row = dict[str, Any]

RESERVATION = "/providers/Microsoft.Capacity/reservationOrders/order-1/reservations/res-1"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/order-2/savingsPlans/plan-1"
MACHINE = "/subscriptions/sub-1/resourceGroups/RG-Search/providers/Microsoft.Compute/virtualMachines/VM-1"


def cost_row(cost: str = "1", *, day: str = "03/02/2026", **cells: Any) -> Row:
    """An hour of a virtual machine, on demand, as an EA file has it; `cells` are columns to change or to add."""
    month = day[:2]
    last = {"02": "28", "04": "30"}.get(month, "31")
    return {
        "BillingAccountId": "100",
        "BillingAccountName": "Acme",
        "BillingPeriodStartDate": f"{month}/01/2026",
        "BillingPeriodEndDate": f"{month}/{last}/2026",
        "BillingProfileId": "100",
        "BillingProfileName": "Acme",
        "SubscriptionId": "sub-1",
        "SubscriptionName": "Search",
        "Date": day,
        "Product": "Virtual Machines D2 - US East",
        "MeterId": "meter-1",
        "ServiceFamily": "Compute",
        "MeterCategory": "Virtual Machines",
        "MeterSubCategory": "D Series",
        "MeterName": "D2",
        "Quantity": "2",
        "EffectivePrice": "0.5",
        "Cost": cost,
        "UnitPrice": "0.5",
        "PayGPrice": "0.6",
        "BillingCurrency": "USD",
        "ResourceLocation": "EastUS2",
        "ConsumedService": "Microsoft.Compute",
        "ResourceId": MACHINE,
        "ResourceName": "VM-1",
        "Tags": '"env": "prod"',
        "UnitOfMeasure": "1 Hour",
        "ResourceGroup": "RG-Search",
        "ReservationId": "",
        "ReservationName": "",
        "ProductOrderId": "",
        "Term": "",
        "PublisherName": "Microsoft",
        "ChargeType": "Usage",
        "Frequency": "UsageBased",
        "PublisherType": "Azure",
        "PricingModel": "OnDemand",
        "CostCenter": "CC-1",
        "benefitId": "",
        "benefitName": "",
        **cells,
    }


def purchase(cost: str, **cells: Any) -> Row:
    """A reservation bought, as actual cost has it."""
    bought = {
        "ChargeType": "Purchase",
        "Frequency": "Recurring",
        "PricingModel": "Reservation",
        "ConsumedService": "Microsoft.Capacity",
        "ResourceId": RESERVATION,
        "ResourceName": "",
        "benefitId": RESERVATION,
        "benefitName": "one machine",
        "Quantity": "1",
        "UnitPrice": cost,
        "EffectivePrice": cost,
        "PayGPrice": "0",
        "Tags": "",
    }
    return cost_row(cost, **{**bought, **cells})


def covered(cost: str, **cells: Any) -> Row:
    """Usage that a reservation covers: at zero in actual cost, at its share of the purchase in amortized cost."""
    by = {
        "PricingModel": "Reservation",
        "benefitId": RESERVATION,
        "benefitName": "one machine",
        "EffectivePrice": "0.25",
    }
    return cost_row(cost, **{**by, **cells})


def unused(cost: str, **cells: Any) -> Row:
    """Hours of a reservation that nobody used, as amortized cost has them."""
    return covered(
        cost, **{"ChargeType": "UnusedReservation", "ResourceId": "", "ResourceName": "", "Tags": "", **cells}
    )
