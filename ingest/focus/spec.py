"""What each FOCUS version calls its columns, and how a file says which version it is.

Source: FOCUS specification 1.0 to 1.4, Cost and Usage and the adjacent datasets (column lists and feature levels).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# Mandatory in every version; the participating entities changed their names in 1.3.
_MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ServiceCategory",
    "ServiceName",
)
_ENTITIES_BEFORE_1_3 = ("ProviderName", "PublisherName")
ENTITIES_SINCE_1_3 = ("ServiceProviderName", "HostProviderName")

SINCE_1_0 = (
    *_MANDATORY,
    *_ENTITIES_BEFORE_1_3,
    "AvailabilityZone",
    "ChargeFrequency",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
)
SINCE_1_1 = (
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
)
SINCE_1_2 = (
    "BillingAccountType",
    "InvoiceId",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "SubAccountType",
)
SINCE_1_3 = (
    *ENTITIES_SINCE_1_3,
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
    "ContractApplied",
)
SINCE_1_4 = ("CommitmentProgramEligibilityDetails", "InvoiceDetailId")

COLUMNS = (*SINCE_1_0, *SINCE_1_1, *SINCE_1_2, *SINCE_1_3, *SINCE_1_4)

ALLOWED_VALUES = {
    "charge_category": ("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    "charge_class": ("Correction",),
    "charge_frequency": ("One-Time", "Recurring", "Usage-Based"),
    "pricing_category": ("Standard", "Dynamic", "Committed", "Other"),
    "commitment_discount_category": ("Spend", "Usage"),
    "commitment_discount_status": ("Used", "Unused"),
    "capacity_reservation_status": ("Used", "Unused"),
    "service_category": (
        "AI and Machine Learning",
        "Analytics",
        "Business Applications",
        "Compute",
        "Databases",
        "Developer Tools",
        "Identity",
        "Integration",
        "Internet of Things",
        "Management and Governance",
        "Media",
        "Migration",
        "Mobile",
        "Multicloud",
        "Networking",
        "Security",
        "Storage",
        "Web",
        "Other",
    ),
}


class Dataset(StrEnum):
    """The FOCUS datasets; only Cost and Usage holds charges."""

    COST_AND_USAGE = "Cost and Usage"
    CONTRACT_COMMITMENT = "Contract Commitment"
    BILLING_PERIOD = "Billing Period"
    INVOICE_DETAIL = "Invoice Detail"


# A column that only this dataset has.
_TELLTALE = {
    "ContractCommitmentPeriodStart": Dataset.CONTRACT_COMMITMENT,
    "BillingPeriodStatus": Dataset.BILLING_PERIOD,
    "InvoiceDetailGrain": Dataset.INVOICE_DETAIL,
    "InvoiceIssueStatus": Dataset.INVOICE_DETAIL,
}


@dataclass(frozen=True)
class Layout:
    """What a header says: the dataset, the FOCUS version, where each FOCUS column stands and what else there is."""

    dataset: Dataset
    version: str
    columns: dict[str, str]  # FOCUS name -> name as the file writes it
    extras: tuple[str, ...]  # columns that FOCUS does not know, as the file writes them
    missing: tuple[str, ...]  # mandatory columns that are not there


def layout(header: tuple[str, ...]) -> Layout:
    """The layout of a file with this `header`. FOCUS names are matched without regard to case."""
    written = {name.casefold(): name for name in header}
    dataset = next((d for column, d in _TELLTALE.items() if column.casefold() in written), Dataset.COST_AND_USAGE)
    columns = {name: written[name.casefold()] for name in COLUMNS if name.casefold() in written}
    known = set(columns.values())
    version = _version(columns.keys())
    return Layout(
        dataset=dataset,
        version=version,
        columns=columns,
        extras=tuple(name for name in header if name not in known),
        missing=tuple(name for name in mandatory(version) if name not in columns),
    )


def mandatory(version: str) -> tuple[str, ...]:
    """The columns that `version` requires."""
    return (*_MANDATORY, *(ENTITIES_SINCE_1_3 if version >= "1.3" else _ENTITIES_BEFORE_1_3))


def _version(columns: Iterable[str]) -> str:
    present = set(columns)
    if present & set(SINCE_1_4):
        return "1.4"
    if present & set(SINCE_1_3):
        return "1.3"
    if present & set(SINCE_1_2):
        return "1.2"
    if present & set(SINCE_1_1):
        return "1.1"
    return "1.0"


def snake(name: str) -> str:
    """The FOCUS column `name` as we write it: `BilledCost` is `billed_cost`."""
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
