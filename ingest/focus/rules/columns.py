"""What FOCUS fixes for each column of Cost and Usage by itself: type, format, nulls, and the versions that have it.

Each comes with the id that the requirement has in the official FOCUS 1.2 model, where it has one there.
"""

from dataclasses import dataclass
from enum import StrEnum

from ingest.focus.rules.rule import FIRST, LAST


class Content(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "date and time"
    OBJECT = "JSON object"


@dataclass(frozen=True)
class ColumnRule:
    """A column and the ids of its requirements; an empty id: there is no such requirement in the model."""

    name: str
    content: Content
    type_id: str = ""
    format_ids: tuple[str, ...] = ()
    not_null_id: str = ""
    since: str = FIRST
    until: str = LAST
    not_null: bool = False

    @property
    def is_pairs(self) -> bool:
        """Whether it is a flat object of keys and values."""
        return self.content is Content.OBJECT and self.name in {"Tags", "SkuPriceDetails", "AllocatedTags"}


_M1, _M2, _M3, _M4 = "C-001-M", "C-002-M", "C-003-M", "C-004-M"


def _column(
    name: str,
    content: Content,
    type_: str = _M1,
    format_: str = _M2,
    null: str = "",
    *valid: str,
    since: str = FIRST,
    until: str = LAST,
) -> ColumnRule:
    def named(suffix: str) -> str:
        return f"{name}-{suffix}" if suffix else ""

    formats = tuple(named(each) for each in (format_, *valid) if each)
    return ColumnRule(name, content, named(type_), formats, named(null), since, until, not_null=bool(null))


def _later(name: str, content: Content, since: str, *, not_null: bool = False) -> ColumnRule:
    """A column that came after the model of FOCUS 1.2."""
    return ColumnRule(name, content, since=since, not_null=not_null)


_T, _N, _I, _O = Content.TEXT, Content.NUMBER, Content.INSTANT, Content.OBJECT

COLUMN_RULES: tuple[ColumnRule, ...] = (
    _column("AvailabilityZone", _T),
    _column("BilledCost", _N, _M1, _M2, _M3, _M4),
    _column("BillingAccountId", _T, _M2, _M3, _M1),
    _column("BillingAccountName", _T),
    _column("BillingAccountType", _T, since="1.2"),
    _column("BillingCurrency", _T, _M1, _M2, _M4),
    _column("BillingPeriodEnd", _I, _M1, _M2, _M3),
    _column("BillingPeriodStart", _I, _M1, _M2, _M3),
    _column("CapacityReservationId", _T, since="1.1"),
    _column("CapacityReservationStatus", _T, _M1, "", since="1.1"),
    _column("ChargeCategory", _T, _M1, "", _M2),
    _column("ChargeClass", _T, _M1, ""),
    _column("ChargeDescription", _T),
    _column("ChargeFrequency", _T, _M1, "", _M2),
    _column("ChargePeriodEnd", _I, _M1, _M2, _M3),
    _column("ChargePeriodStart", _I, _M1, _M2, _M3),
    _column("CommitmentDiscountCategory", _T, _M1, ""),
    _column("CommitmentDiscountId", _T),
    _column("CommitmentDiscountName", _T),
    _column("CommitmentDiscountQuantity", _N, _M1, _M2, "", "C-009-M", since="1.1"),
    _column("CommitmentDiscountStatus", _T, _M1, ""),
    _column("CommitmentDiscountType", _T),
    _column("CommitmentDiscountUnit", _T, since="1.1"),
    _column("ConsumedQuantity", _N, _M1, _M2, "", "C-008-C"),
    _column("ConsumedUnit", _T),
    _column("ContractedCost", _N, _M1, _M2, _M3, _M4),
    _column("ContractedUnitPrice", _N, _M2, _M3),
    _column("EffectiveCost", _N, _M1, _M2, _M3, _M4),
    _column("InvoiceId", _T, since="1.2"),
    _column("InvoiceIssuerName", _T, _M1, _M2, _M3),
    _column("ListCost", _N, _M1, _M2, _M3, _M4),
    _column("ListUnitPrice", _N),
    _column("PricingCategory", _T, _M1, ""),
    _column("PricingCurrency", _T, _M1, _M2, _M4, since="1.2"),
    _column("PricingCurrencyContractedUnitPrice", _N, since="1.2"),
    _column("PricingCurrencyEffectiveCost", _N, _M1, _M2, _M3, _M4, since="1.2"),
    _column("PricingCurrencyListUnitPrice", _N, since="1.2"),
    _column("PricingQuantity", _N, _M1, _M2, "", "C-008-M"),
    _column("PricingUnit", _T),
    _column("ProviderName", _T, _M1, _M2, _M3, until="1.3"),
    _column("PublisherName", _T, _M1, _M2, _M3, until="1.3"),
    _column("RegionId", _T),
    _column("RegionName", _T),
    _column("ResourceId", _T),
    _column("ResourceName", _T),
    _column("ResourceType", _T),
    _column("ServiceCategory", _T, _M1, "", _M2),
    _column("ServiceName", _T, _M1, _M2, _M3),
    _column("ServiceSubcategory", _T, _M1, "", _M2, since="1.1"),
    _column("SkuId", _T),
    _column("SkuMeter", _T, since="1.1"),
    _column("SkuPriceDetails", _O, "", _M1, since="1.1"),
    _column("SkuPriceId", _T),
    _column("SubAccountId", _T),
    _column("SubAccountName", _T),
    _column("SubAccountType", _T, since="1.2"),
    _column("Tags", _O, "", _M1),
    _later("ServiceProviderName", _T, "1.3", not_null=True),
    _later("HostProviderName", _T, "1.3"),
    _later("AllocatedMethodDetails", _O, "1.3"),
    _later("AllocatedMethodId", _T, "1.3"),
    _later("AllocatedResourceId", _T, "1.3"),
    _later("AllocatedResourceName", _T, "1.3"),
    _later("AllocatedTags", _O, "1.3"),
    _later("ContractApplied", _O, "1.3"),
    _later("CommitmentProgramEligibilityDetails", _O, "1.4"),
    _later("InvoiceDetailId", _T, "1.4"),
)
