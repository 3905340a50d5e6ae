"""The MUSTs of FOCUS 1.2 that are not checked, by the reason why."""

# What the vendor can do, which resource a charge is about or what a price list says: no bill tells.
NEEDS_KNOWLEDGE_OF_THE_VENDOR = """
AvailabilityZone-C-003-C BillingAccountName-C-003-C CapacityReservationId-C-004-C CapacityReservationStatus-C-007-C
CapacityReservationStatus-C-008-C ChargeClass-C-003-C ChargeClass-C-004-C CommitmentDiscountId-C-004-C
CommitmentDiscountName-C-006-C CommitmentDiscountUnit-C-009-M CostAndUsage-D-007-C CostAndUsage-D-064-C
CostAndUsage-D-067-C DiscountHandling-A-013-C DiscountHandling-A-016-C DiscountHandling-A-020-C InvoiceId-C-004-C
InvoiceId-C-005-C PricingCategory-C-008-C PricingCategory-C-010-C PricingCategory-C-011-C PricingUnit-C-008-M
RegionId-C-004-C ResourceId-C-004-C ResourceId-C-005-C ResourceName-C-005-C ResourceName-C-006-C ServiceName-C-006-C
SkuId-C-011-C SkuPriceDetails-C-008-M SkuPriceDetails-C-010-C SkuPriceDetails-C-018-C SkuPriceDetails-C-022-C
SkuPriceId-C-012-C SkuPriceId-C-013-M SkuPriceId-C-014-C SkuPriceId-C-015-C StringHandling-A-003-M SubAccountId-C-004-C
SubAccountId-C-005-C Tags-C-004-M Tags-C-005-M Tags-C-008-M Tags-C-010-C Tags-C-012-M Tags-C-015-C Tags-C-016-C
Tags-C-017-M
"""
# About other months, other bills, or the whole term of a commitment.
NEEDS_MORE_THAN_ONE_DELIVERY = """
BillingAccountId-C-004-M CapacityReservationId-C-008-M CommitmentDiscountId-C-007-M DiscountHandling-A-011-C
DiscountHandling-A-017-C EffectiveCost-C-012-C EffectiveCost-C-013-C ResourceId-C-007-M SkuId-C-008-M SkuId-C-009-M
SkuId-C-010-M SkuPriceId-C-009-M SkuPriceId-C-010-M StringHandling-A-004-M StringHandling-A-005-M
StringHandling-A-006-M
"""
# Trueup compares invoices with bills elsewhere: `trueup invoices`.
NEEDS_THE_INVOICE = """
BilledCost-C-007-M BillingCurrency-C-005-M InvoiceId-C-007-C PricingUnit-C-009-C
"""
# What a number means: its currency, what it was calculated from, which part of a charge it covers.
NOTHING_IN_A_ROW_SHOWS_IT = """
BilledCost-C-006-M CommitmentDiscountQuantity-C-011-C CommitmentDiscountQuantity-C-012-C
CommitmentDiscountQuantity-C-014-C CommitmentDiscountQuantity-C-015-C ContractedCost-C-005-M ContractedCost-C-007-C
ContractedUnitPrice-C-010-C DiscountHandling-A-003-C DiscountHandling-A-004-C DiscountHandling-A-010-C
EffectiveCost-C-006-M EffectiveCost-C-009-C ListCost-C-005-M ListCost-C-007-C ListUnitPrice-C-009-M
PricingCurrencyContractedUnitPrice-C-009-C PricingCurrencyEffectiveCost-C-006-M PricingCurrencyListUnitPrice-C-009-M
SkuPriceDetails-C-007-M
"""
# Words such as abbreviation, normalized or readable leave it to a person.
A_MATTER_OF_JUDGEMENT = """
BillingAccountType-C-006-M ColumnHandling-A-002-M ColumnHandling-A-006-M ColumnHandling-A-008-M CurrencyFormat-A-002-C
NumericFormat-A-012-M SubAccountType-C-006-M UnitFormat-A-003-M
"""
# The official validator takes an invoice issuer that is not the provider for a marketplace, which flags most real rows.
WRONG_IN_THE_MODEL = """
BilledCost-C-005-C
"""

REASONS = (
    NEEDS_KNOWLEDGE_OF_THE_VENDOR,
    NEEDS_MORE_THAN_ONE_DELIVERY,
    NEEDS_THE_INVOICE,
    NOTHING_IN_A_ROW_SHOWS_IT,
    A_MATTER_OF_JUDGEMENT,
    WRONG_IN_THE_MODEL,
)
UNCHECKED = frozenset(name for reason in REASONS for name in reason.split())
