"""Rules about which cells go together: null because of another cell, or not null because of it."""

from ingest.focus.rules.facts import is_, is_not, null, there
from ingest.focus.rules.rule import FIRST, Clause, Rule, Term, clause

_NULL, _NOT_NULL = "null", "not-null"
_CORRECTION = is_not("ChargeClass", "Correction")


def _needs(column: str, other: str, suffix: str, *, since: str = FIRST) -> Rule:
    """`column` is null where `other` is."""
    words = f"has a value where {other} has none"
    return Rule(_NULL, column, words, clause(there(column), null(other)), (f"{column}-{suffix}",), since)


def _goes_with(column: str, other: str, suffix: str, *, since: str = FIRST) -> Rule:
    """`column` has a value where `other` has."""
    words = f"is null where {other} has a value"
    return Rule(_NOT_NULL, column, words, clause(null(column), there(other)), (f"{column}-{suffix}",), since)


def _not_on_tax(column: str, suffix: str, *, since: str = FIRST) -> Rule:
    broken = clause(there(column), is_("ChargeCategory", "Tax"))
    return Rule(_NULL, column, "has a value on a tax", broken, (f"{column}-{suffix}",), since)


def _priced(*terms: Term) -> tuple[Clause, ...]:
    """`terms` on usage and purchases that correct nothing: what has a price."""
    return tuple((*terms, is_("ChargeCategory", each), _CORRECTION) for each in ("Usage", "Purchase"))


def _where_priced(column: str, suffix: str, *, since: str = FIRST) -> Rule:
    words = "is null on usage or a purchase that corrects nothing"
    return Rule(_NOT_NULL, column, words, _priced(null(column)), (f"{column}-{suffix}",), since)


NULL_RULES: tuple[Rule, ...] = (
    _needs("BillingAccountType", "BillingAccountId", "C-004-C", since="1.2"),
    _needs("CapacityReservationStatus", "CapacityReservationId", "C-003-C", since="1.1"),
    _needs("CommitmentDiscountCategory", "CommitmentDiscountId", "C-003-C"),
    _needs("CommitmentDiscountName", "CommitmentDiscountId", "C-004-C"),
    _needs("CommitmentDiscountStatus", "CommitmentDiscountId", "C-003-C"),
    _needs("CommitmentDiscountType", "CommitmentDiscountId", "C-004-C"),
    _needs("CommitmentDiscountUnit", "CommitmentDiscountQuantity", "C-005-C", since="1.1"),
    _needs("ConsumedUnit", "ConsumedQuantity", "C-005-C"),
    _needs("PricingUnit", "PricingQuantity", "C-005-C"),
    _needs("RegionName", "RegionId", "C-004-C"),
    _needs("ResourceName", "ResourceId", "C-004-C"),
    _needs("ResourceType", "ResourceId", "C-004-C"),
    _needs("SkuMeter", "SkuId", "C-004-C", since="1.1"),
    _needs("SkuPriceDetails", "SkuPriceId", "C-004-C", since="1.1"),
    _needs("SubAccountName", "SubAccountId", "C-004-C"),
    _needs("SubAccountType", "SubAccountId", "C-004-C", since="1.2"),
    _goes_with("BillingAccountType", "BillingAccountId", "C-005-C", since="1.2"),
    _goes_with("CommitmentDiscountCategory", "CommitmentDiscountId", "C-004-C"),
    _goes_with("CommitmentDiscountType", "CommitmentDiscountId", "C-005-C"),
    _goes_with("CommitmentDiscountUnit", "CommitmentDiscountQuantity", "C-006-C", since="1.1"),
    _goes_with("ConsumedUnit", "ConsumedQuantity", "C-006-C"),
    _goes_with("PricingUnit", "PricingQuantity", "C-006-C"),
    _goes_with("RegionName", "RegionId", "C-005-C"),
    _goes_with("ResourceType", "ResourceId", "C-005-C"),
    _goes_with("SubAccountName", "SubAccountId", "C-005-C"),
    _goes_with("SubAccountType", "SubAccountId", "C-005-C", since="1.2"),
    _not_on_tax("ContractedUnitPrice", "C-005-C"),
    _not_on_tax("ListUnitPrice", "C-004-C"),
    _not_on_tax("PricingCategory", "C-003-C"),
    _not_on_tax("PricingCurrencyContractedUnitPrice", "C-004-C", since="1.2"),
    _not_on_tax("PricingCurrencyListUnitPrice", "C-004-C", since="1.2"),
    _not_on_tax("PricingQuantity", "C-004-C"),
    _not_on_tax("SkuId", "C-004-C"),
    _not_on_tax("SkuPriceId", "C-004-C"),
    _where_priced("ContractedUnitPrice", "C-006-C"),
    _where_priced("ListUnitPrice", "C-005-C"),
    _where_priced("PricingCategory", "C-004-C"),
    _where_priced("PricingCurrencyContractedUnitPrice", "C-005-C", since="1.2"),
    _where_priced("PricingCurrencyListUnitPrice", "C-005-C", since="1.2"),
    _where_priced("PricingQuantity", "C-005-C"),
    _where_priced("SkuId", "C-005-C"),
    _where_priced("SkuPriceId", "C-005-C"),
    Rule(
        _NOT_NULL,
        "CommitmentDiscountStatus",
        "is null on usage that a commitment covers",
        clause(null("CommitmentDiscountStatus"), there("CommitmentDiscountId"), is_("ChargeCategory", "Usage")),
        ("CommitmentDiscountStatus-C-004-C", "DiscountHandling-A-014-C"),
    ),
    Rule(
        _NOT_NULL,
        "CommitmentDiscountId",
        "is null where PricingCategory says that a commitment sets the price",
        clause(null("CommitmentDiscountId"), is_("PricingCategory", "Committed")),
        ("CommitmentDiscountId-C-005-C", "DiscountHandling-A-006-C", "DiscountHandling-A-015-C"),
    ),
    Rule(
        _NOT_NULL,
        "CapacityReservationStatus",
        "is null on usage of a capacity reservation",
        clause(null("CapacityReservationStatus"), there("CapacityReservationId"), is_("ChargeCategory", "Usage")),
        ("CapacityReservationStatus-C-004-C",),
        since="1.1",
    ),
    Rule(
        _NOT_NULL,
        "CapacityReservationId",
        "is null on the unused part of a capacity reservation",
        clause(null("CapacityReservationId"), is_("CapacityReservationStatus", "Unused")),
        ("CapacityReservationId-C-005-C",),
        since="1.1",
    ),
    Rule(
        _NULL,
        "ConsumedQuantity",
        "has a value where nothing was consumed: on another charge than usage, or on an unused commitment",
        (
            (there("ConsumedQuantity"), is_not("ChargeCategory", "Usage")),
            (there("ConsumedQuantity"), is_("CommitmentDiscountStatus", "Unused")),
        ),
        ("ConsumedQuantity-C-004-C",),
        since="1.1",
    ),
    Rule(
        _NOT_NULL,
        "ConsumedQuantity",
        "is null on usage that is neither an unused commitment nor a correction",
        clause(
            null("ConsumedQuantity"),
            is_("ChargeCategory", "Usage"),
            is_not("CommitmentDiscountStatus", "Unused"),
            _CORRECTION,
        ),
        ("ConsumedQuantity-C-006-C",),
    ),
    Rule(
        _NOT_NULL,
        "CommitmentDiscountQuantity",
        "is null on usage or a purchase of a commitment",
        _priced(null("CommitmentDiscountQuantity"), there("CommitmentDiscountId")),
        ("CommitmentDiscountQuantity-C-005-C",),
        since="1.1",
    ),
    Rule(
        _NULL,
        "CommitmentDiscountQuantity",
        "has a value without a commitment, or on a charge that is neither usage nor a purchase",
        (
            (there("CommitmentDiscountQuantity"), null("CommitmentDiscountId")),
            (
                there("CommitmentDiscountQuantity"),
                is_not("ChargeCategory", "Usage"),
                is_not("ChargeCategory", "Purchase"),
            ),
        ),
        ("CommitmentDiscountQuantity-C-007-C",),
        since="1.1",
    ),
)
