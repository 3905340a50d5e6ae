"""The words of a FOCUS charge, in snake_case, and which of them Postgres keeps.

Names and meaning: FOCUS 1.4 Cost and Usage. Before 1.3 `service_provider_name` was called ProviderName; it is the
same thing, and the only name we use.
"""

from enum import StrEnum


class Metric(StrEnum):
    """The four costs of FOCUS. They answer different questions and are never mixed in one sum."""

    EFFECTIVE = "effective_cost"
    BILLED = "billed_cost"
    LIST = "list_cost"
    CONTRACTED = "contracted_cost"


class Axis(StrEnum):
    """Which of a charge's two periods places it in time.

    `billing` is the period that invoices it: statements use it. `charge` is when it was used: trends use it. A
    correction has an old charge period in a new billing period, so the two differ.
    """

    BILLING = "billing"
    CHARGE = "charge"


COSTS = tuple(metric.value for metric in (Metric.BILLED, Metric.EFFECTIVE, Metric.LIST, Metric.CONTRACTED))
# What else is summed: quantities in their units, and the effective cost in the currency of the price list.
QUANTITIES = (
    "consumed_quantity",
    "pricing_quantity",
    "commitment_discount_quantity",
    "pricing_currency_effective_cost",
)

# The dimensions that identify a charge: one charge key per distinct combination. Prices that were negotiated for a
# single line (ContractedUnitPrice) stay in the detail store: they may differ from line to line, and are
# contracted_cost / pricing_quantity.
KEY_COLUMNS = (
    "service_provider_name",
    "host_provider_name",
    "publisher_name",
    "invoice_issuer_name",
    "invoice_id",
    "billing_account_id",
    "billing_account_name",
    "billing_currency",
    "sub_account_id",
    "sub_account_name",
    "charge_category",
    "charge_class",
    "charge_frequency",
    "pricing_category",
    "pricing_unit",
    "consumed_unit",
    "service_category",
    "service_subcategory",
    "service_name",
    "region_id",
    "region_name",
    "availability_zone",
    "resource_id",
    "resource_name",
    "resource_type",
    "sku_id",
    "sku_meter",
    "sku_price_id",
    "commitment_discount_id",
    "commitment_discount_name",
    "commitment_discount_category",
    "commitment_discount_type",
    "commitment_discount_status",
    "capacity_reservation_id",
    "capacity_reservation_status",
    "allocated_method_id",
    "allocated_resource_id",
    "allocated_resource_name",
    "billing_account_type",
    "sub_account_type",
    "charge_description",
    "pricing_currency",
    "commitment_discount_unit",
    "charge_period_days",  # how many UTC days the charge period touches; ours, not FOCUS'
    "list_unit_price",
    "sku_price_details",
)
# FOCUS fixes them for a SKU price, so that they need not be compared to tell two charge keys apart.
DETERMINED = ("sku_price_details",)
# Key columns that are not text: a number of days, a price, an object. No rule of a policy looks at them.
NOT_TEXT = ("charge_period_days", "list_unit_price", "sku_price_details")
TEXT_COLUMNS = tuple(name for name in KEY_COLUMNS if name not in NOT_TEXT)
