"""Rules that hold cells of a row together: prices and costs, commitments, periods; and values that have one parent."""

from ingest.focus.rules.facts import SameText, is_, is_not, null, there
from ingest.focus.rules.number_facts import Differs, LastSecond, MidMonth, NotBefore, NotZero, OffProduct
from ingest.focus.rules.rule import OneParent, Rule, Term, clause

_CORRECTION = is_not("ChargeClass", "Correction")
_CREDIT = is_("ChargeCategory", "Credit")


def _ends_exclusively(column: str) -> Rule:
    words = "is the last second of a day: an end that is meant to be included"
    return Rule("period", column, words, clause(Term(LastSecond(column))), (f"{column}-C-004-M",))


RELATION_RULES: tuple[Rule, ...] = (
    Rule(
        "product",
        "ListCost",
        "is not ListUnitPrice times PricingQuantity",
        clause(Term(OffProduct("ListUnitPrice", "PricingQuantity", "ListCost")), _CORRECTION),
        ("ListCost-C-009-C", "ListUnitPrice-C-010-C", "PricingQuantity-C-009-C"),
    ),
    Rule(
        "product",
        "ContractedCost",
        "is not ContractedUnitPrice times PricingQuantity",
        clause(Term(OffProduct("ContractedUnitPrice", "PricingQuantity", "ContractedCost")), _CORRECTION),
        ("ContractedCost-C-009-C", "ContractedUnitPrice-C-011-C", "PricingQuantity-C-009-C"),
    ),
    Rule(
        "credit",
        "EffectiveCost",
        "of a credit is not its BilledCost",
        clause(Term(Differs("EffectiveCost", "BilledCost")), _CREDIT),
        ("EffectiveCost-C-010-C",),
        since="1.1",
    ),
    Rule(
        "credit",
        "ContractedCost",
        "of a credit without a price is not its BilledCost",
        clause(Term(Differs("ContractedCost", "BilledCost")), _CREDIT, null("ContractedUnitPrice")),
        ("ContractedCost-C-008-C",),
    ),
    Rule(
        "credit",
        "ListCost",
        "of a credit without a price is not its BilledCost",
        clause(Term(Differs("ListCost", "BilledCost")), _CREDIT, null("ListUnitPrice")),
        ("ListCost-C-008-C",),
    ),
    Rule(
        "commitment",
        "EffectiveCost",
        "of the purchase of a commitment is not 0, so that it counts again when it is used",
        clause(Term(NotZero("EffectiveCost")), is_("ChargeCategory", "Purchase"), there("CommitmentDiscountId")),
        ("EffectiveCost-C-005-C",),
    ),
    Rule(
        "commitment",
        "PricingCurrencyEffectiveCost",
        "of the purchase of a commitment is not 0, so that it counts again when it is used",
        clause(
            Term(NotZero("PricingCurrencyEffectiveCost")),
            is_("ChargeCategory", "Purchase"),
            there("CommitmentDiscountId"),
        ),
        ("PricingCurrencyEffectiveCost-C-005-M",),
        since="1.2",
    ),
    Rule(
        "commitment",
        "BilledCost",
        "of usage that a commitment covers is not 0: it was billed with the purchase",
        clause(Term(NotZero("BilledCost")), is_("ChargeCategory", "Usage"), is_("CommitmentDiscountStatus", "Used")),
        ("DiscountHandling-A-009-C",),
    ),
    Rule(
        "commitment",
        "ChargeCategory",
        "of an unused part of a commitment is not Usage",
        clause(is_("CommitmentDiscountStatus", "Unused"), is_not("ChargeCategory", "Usage")),
        ("DiscountHandling-A-018-C",),
    ),
    Rule(
        "commitment",
        "ResourceId",
        "of an unused part of a commitment is not its CommitmentDiscountId",
        clause(
            is_("CommitmentDiscountStatus", "Unused"),
            Term(SameText("ResourceId", "CommitmentDiscountId"), so=False),
        ),
        ("DiscountHandling-A-019-C",),
    ),
    Rule(
        "commitment",
        "ResourceId",
        "of the purchase of a commitment is not its CommitmentDiscountId",
        clause(
            is_("ChargeCategory", "Purchase"),
            there("CommitmentDiscountId"),
            Term(SameText("ResourceId", "CommitmentDiscountId"), so=False),
        ),
        ("DiscountHandling-A-012-C",),
    ),
    Rule(
        "commitment",
        "PricingCategory",
        "of usage that a commitment covers is not Committed",
        clause(
            there("CommitmentDiscountId"),
            is_("ChargeCategory", "Usage"),
            is_not("PricingCategory", "Committed"),
            _CORRECTION,
        ),
        ("PricingCategory-C-009-C",),
    ),
    Rule(
        "period",
        "ChargePeriodStart",
        "is not before ChargePeriodEnd; booked on the day it starts",
        clause(Term(NotBefore("ChargePeriodStart", "ChargePeriodEnd"))),
        ("ChargePeriodStart-C-004-M", "ChargePeriodEnd-C-004-M"),
    ),
    Rule(
        "period",
        "BillingPeriodStart",
        "is not before BillingPeriodEnd",
        clause(Term(NotBefore("BillingPeriodStart", "BillingPeriodEnd"))),
        ("BillingPeriodStart-C-004-M", "BillingPeriodEnd-C-004-M"),
    ),
    _ends_exclusively("ChargePeriodEnd"),
    _ends_exclusively("BillingPeriodEnd"),
    # No requirement of FOCUS, but Trueup books by month, so its reader should know.
    Rule(
        "whole-month",
        "BillingPeriodStart",
        "is not the first day of a month; booked in its month",
        clause(Term(MidMonth("BillingPeriodStart"))),
    ),
)

ONE_PARENT: tuple[OneParent, ...] = (
    OneParent("parent", "SkuPriceId", "SkuId", "has more than one SkuId", ("SkuPriceId-C-008-M",)),
    OneParent(
        "parent", "ServiceName", "ServiceCategory", "has more than one ServiceCategory", ("ServiceName-C-005-C",)
    ),
    OneParent(
        "parent",
        "CommitmentDiscountId",
        "CommitmentDiscountUnit",
        "has more than one CommitmentDiscountUnit",
        ("CommitmentDiscountUnit-C-008-M",),
        since="1.1",
    ),
)
