"""The columns of FOCUS Cost and Usage as SQL over a charge, its key, and the team that pays.

What each is worked out from is what the view `focus_cost_and_usage` shows (docs/bi.md); here costs and quantities are
the team's part. The relations are called `charge`, `key`, `price_details`, `assignment`, `payer` and `team`, and
`%(period)s` is the first day of the billing period (allocated_charges.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.charge import COSTS, QUANTITIES, TEXT_COLUMNS
from app.domain.focus import NUMBER_PROPERTIES, FocusVersion, pascal


class Content(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    OBJECT = "JSON object"


@dataclass(frozen=True)
class FocusColumn:
    """A column of the file under its name there, as SQL; the text of its value is the cell."""

    name: str
    sql: str
    content: Content = Content.TEXT


def columns_of(version: FocusVersion, cost_type: str) -> tuple[FocusColumn, ...]:
    """Every column of `version` that is kept, by name, and after them ours.

    `cost_type` is SQL over the columns of `charge_key`: which kind of cost a charge is.
    """
    focus = _SINCE_1_2 if version is FocusVersion.V1_2 else (*_SINCE_1_2, *_SINCE_1_3)
    shared = f"CASE WHEN assignment.pool_id IS NOT NULL AND {cost_type} = 'direct' THEN 'shared' ELSE {cost_type} END"
    return (*_by_name(focus), *_by_name((*_OURS, FocusColumn("x_CostType", shared))))


def _by_name(columns: Sequence[FocusColumn]) -> list[FocusColumn]:
    return sorted(columns, key=lambda column: column.name)


# Not simply what the key and the charge have: FOCUS 1.2 lacks it or calls it otherwise, or it is completed.
_OTHERWISE = {
    "service_provider_name",
    "host_provider_name",
    "allocated_method_id",
    "allocated_resource_id",
    "allocated_resource_name",
    "pricing_currency",
    "pricing_currency_effective_cost",
}
_MIDNIGHT = """'YYYY-MM-DD"T00:00:00Z"'"""  # FOCUS, attribute Date/Time Format
_SHARE = "coalesce(payer.share, 1)"
_CONTRACTED_PRICE = "trim_scale(charge.contracted_cost / nullif(charge.pricing_quantity, 0))"
_LIST_PRICE = "trim_scale(key.list_unit_price)"
# A bill that names no pricing currency is priced in the one it bills: FOCUS before 1.2, and whoever has no other.
_PRICING_CURRENCY = "coalesce(key.pricing_currency, key.billing_currency)"
SKU_PRICE_DETAILS = f"""
SELECT jsonb_object_agg(detail.name, CASE
    WHEN detail.name = ANY('{{{",".join(NUMBER_PROPERTIES)}}}') AND jsonb_typeof(detail.value) = 'string'
         AND detail.value #>> '{{}}' ~ '^-?[0-9]+(\\.[0-9]+)?$'
    THEN to_jsonb((detail.value #>> '{{}}')::numeric) ELSE detail.value END)
FROM jsonb_each(key.sku_price_details) AS detail (name, value)
"""  # noqa: S608  (names of ours)


def _instant(name: str, day: str) -> FocusColumn:
    # As a query of its own, PostgreSQL writes a day that is the same in every row only once.
    written = f"to_char({day}, {_MIDNIGHT})"
    return FocusColumn(name, f"SELECT {written}" if day.startswith("%") else written, Content.INSTANT)


def _in_billing_currency(amount: str) -> str:
    return f"CASE WHEN {_PRICING_CURRENCY} = key.billing_currency THEN {amount} END"


def _part(name: str, cost_or_quantity: str) -> FocusColumn:
    return FocusColumn(name, f"trim_scale({cost_or_quantity} * {_SHARE})", Content.NUMBER)


def _allocated(name: str, ours: str, of_the_bill: str = "NULL", content: Content = Content.TEXT) -> FocusColumn:
    """A column about what Trueup splits; of other charges, what the bill itself says of a split by its vendor."""
    return FocusColumn(name, f"CASE WHEN payer.team_id IS NOT NULL THEN {ours} ELSE {of_the_bill} END", content)


_SINCE_1_2 = (
    *(FocusColumn(pascal(name), f"key.{name}") for name in TEXT_COLUMNS if name not in _OTHERWISE),
    FocusColumn("ProviderName", "key.service_provider_name"),
    FocusColumn("PricingCurrency", _PRICING_CURRENCY),
    *(_part(pascal(name), f"charge.{name}") for name in (*COSTS, *QUANTITIES) if name not in _OTHERWISE),
    _part(
        "PricingCurrencyEffectiveCost",
        f"coalesce(charge.pricing_currency_effective_cost, {_in_billing_currency('charge.effective_cost')})",
    ),
    FocusColumn("ContractedUnitPrice", _CONTRACTED_PRICE, Content.NUMBER),
    FocusColumn("ListUnitPrice", _LIST_PRICE, Content.NUMBER),
    FocusColumn("PricingCurrencyContractedUnitPrice", _in_billing_currency(_CONTRACTED_PRICE), Content.NUMBER),
    FocusColumn("PricingCurrencyListUnitPrice", _in_billing_currency(_LIST_PRICE), Content.NUMBER),
    _instant("BillingPeriodStart", "%(period)s::date"),
    _instant("BillingPeriodEnd", "%(period)s::date + INTERVAL '1 month'"),
    _instant("ChargePeriodStart", "charge.charge_day"),
    _instant("ChargePeriodEnd", "charge.charge_day + coalesce(key.charge_period_days, 1)"),
    FocusColumn("SkuPriceDetails", "price_details.sku_price_details", Content.OBJECT),
    # A key knows no difference between no tags and an object without any; FOCUS asks for null where nothing is said.
    FocusColumn("Tags", "nullif(key.tags, '{}')", Content.OBJECT),
)
# FOCUS 1.3 still has ProviderName and PublisherName beside their successors; 1.4 no longer does.
_SINCE_1_3 = (
    FocusColumn("ServiceProviderName", "key.service_provider_name"),
    FocusColumn("HostProviderName", "key.host_provider_name"),
    _allocated("AllocatedMethodId", "payer.method_id", "key.allocated_method_id"),
    _allocated("AllocatedMethodDetails", "payer.method_details", content=Content.OBJECT),
    _allocated("AllocatedResourceId", "payer.team_id", "key.allocated_resource_id"),
    _allocated("AllocatedResourceName", "team.name", "key.allocated_resource_name"),
    _allocated("AllocatedTags", "team.tags", content=Content.OBJECT),
)
_OURS = (
    FocusColumn("x_AllocatedShare", f"trim_scale({_SHARE})", Content.NUMBER),
    FocusColumn("x_CostCenter", "team.cost_center"),
    FocusColumn("x_OriginChargeId", "concat_ws('-', charge.load_id, to_char(charge.charge_day, 'YYYYMMDD'), key.id)"),
    FocusColumn("x_PoolId", "assignment.pool_id"),
    FocusColumn("x_Rule", "assignment.rule"),
    FocusColumn("x_TeamId", "coalesce(assignment.team_id, payer.team_id)"),
    FocusColumn("x_TeamName", "team.name"),
)
