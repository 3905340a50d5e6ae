"""What pages call things: the glossary's words with a capital letter."""

from collections.abc import Sequence
from datetime import timedelta

from app.domain.charge import Axis, Metric
from app.domain.period import Period
from app.domain.statement import CostType
from app.reports.cost_query import DIMENSIONS, TAG, Granularity

METRICS = {
    Metric.EFFECTIVE: "Effective cost",
    Metric.BILLED: "Billed cost",
    Metric.LIST: "List cost",
    Metric.CONTRACTED: "Contracted cost",
}
AXES = {Axis.CHARGE: "Charge period", Axis.BILLING: "Billing period"}
GRANULARITIES = {
    Granularity.DAY: "Day",
    Granularity.WEEK: "Week",
    Granularity.MONTH: "Month",
    Granularity.TOTAL: "Total",
}
COST_TYPES = {
    CostType.DIRECT: "Direct",
    CostType.SHARED: "Shared",
    CostType.IDLE: "Idle",
    CostType.UNUSED_COMMITMENT: "Unused commitment",
    CostType.CREDIT: "Credits",
    CostType.REFUND: "Refunds",
    CostType.TAX: "Tax",
    CostType.COMMITMENT_BENEFIT: "Commitment benefit",
    CostType.MARKUP: "Markup",
    CostType.ADJUSTMENT: "Adjustments",
}
_DIMENSIONS = {
    "team": "Team",
    "service_provider_name": "Provider",
    "service_category": "Service category",
    "service_name": "Service",
    "charge_category": "Charge category",
    "pricing_category": "Pricing category",
    "sub_account_id": "Sub-account",
    "region_id": "Region",
    "sku_id": "SKU",
    "resource_id": "Resource",
}
UNALLOCATED = "Unallocated"
LONGEST_NAME = 44  # what a legend has room for
GROUPABLE = tuple(DIMENSIONS)


def dimension_word(name: str) -> str:
    """What a dimension is called: `Service`, `Tag env`."""
    return f"Tag {name.removeprefix(TAG)}" if name.startswith(TAG) else _DIMENSIONS[name]


def key_word(name: str, value: str | None, teams: dict[str, str]) -> str:
    """What a value of dimension `name` is called; a team by its name, and a missing value as missing."""
    if name == "team":
        return UNALLOCATED if value is None else teams.get(value, value)
    return f"No {dimension_word(name).lower()}" if value is None else value


def joined(words: list[str]) -> str:
    """`team`, `team and service`, `team, service and region`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def span_words(period: Period) -> str:
    """`2026-03`, or `2026-03-01 to 2026-05-15` with both ends included; `2026-03 to 2026-05` for whole months."""
    last = period.end - timedelta(days=1)
    if period == Period.month_of(period.start):
        return period.label
    if period.start.day == period.end.day == 1:
        return f"{period.start:%Y-%m} to {last:%Y-%m}"
    return f"{period.start} to {last}"


def shortened(names: Sequence[str]) -> list[str]:
    """`names` with the start of long ones cut off: resource ids differ at their end. In full if two then look alike."""
    short = [name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}" for name in names]
    return short if len(set(short)) == len(short) else list(names)
