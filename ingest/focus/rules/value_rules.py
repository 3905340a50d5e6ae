"""Rules about what a cell may say: allowed values, currencies, signs, properties of a SKU price."""

from collections.abc import Iterator

from app.domain.focus import NUMBER_PROPERTIES
from ingest.focus.rules.facts import Miscased, NoColumn, Unlisted, Unrelated, is_
from ingest.focus.rules.json_facts import MiscasedKey, MistypedValue, StrangeKey
from ingest.focus.rules.lists import CURRENCIES, SUBCATEGORIES, TEXT_PROPERTIES
from ingest.focus.rules.number_facts import Negative
from ingest.focus.rules.rule import FIRST, Rule, Term, clause
from ingest.focus.spec import ALLOWED_VALUES, snake

_PROPERTIES = (*NUMBER_PROPERTIES, *TEXT_PROPERTIES)
_SUBCATEGORY_NAMES = tuple(name for name, _ in SUBCATEGORIES)


def _allowed(column: str, suffix: str, *, since: str = FIRST) -> Iterator[Rule]:
    values = ALLOWED_VALUES[snake(column)]
    ids = (f"{column}-{suffix}",)
    words = f"is none of the values FOCUS allows ({', '.join(values)})"
    yield Rule("allowed-values", column, words, clause(Term(Unlisted(column, values))), ids, since)
    words = "is spelled in another case than FOCUS has it; booked in FOCUS' case"
    yield Rule("casing", column, words, clause(Term(Miscased(column, values))), ids, since)


def _not_negative(column: str, suffix: str, *, since: str = FIRST) -> Rule:
    return Rule("sign", column, "is negative", clause(Term(Negative(column))), (f"{column}-{suffix}",), since)


def _priced_virtually(column: str, number: int) -> Rule:
    """A vendor that prices in a virtual currency tells prices and costs in it."""
    return Rule(
        "presence",
        "PricingCurrency",
        f"is no national currency, so {column} must be there",
        clause(Term(Unlisted("PricingCurrency", CURRENCIES)), Term(NoColumn(column))),
        (f"CostAndUsage-D-{number:03}-C",),
        since="1.2",
        as_written=True,
    )


VALUE_RULES: tuple[Rule, ...] = (
    *_allowed("ChargeCategory", "C-003-M"),
    *_allowed("ChargeClass", "C-005-C"),
    *_allowed("ChargeFrequency", "C-003-M"),
    *_allowed("PricingCategory", "C-007-M"),
    *_allowed("CommitmentDiscountCategory", "C-005-M"),
    *_allowed("CommitmentDiscountStatus", "C-005-M"),
    *_allowed("CapacityReservationStatus", "C-006-M", since="1.1"),
    *_allowed("ServiceCategory", "C-003-M"),
    Rule(
        "allowed-values",
        "ServiceSubcategory",
        "is none of the values FOCUS allows",
        clause(Term(Unlisted("ServiceSubcategory", _SUBCATEGORY_NAMES))),
        ("ServiceSubcategory-C-003-M",),
        since="1.1",
    ),
    Rule(
        "parent",
        "ServiceSubcategory",
        "belongs to another ServiceCategory",
        clause(Term(Unrelated("ServiceSubcategory", "ServiceCategory", SUBCATEGORIES))),
        ("ServiceSubcategory-C-004-M",),
        since="1.1",
    ),
    Rule(
        "currency",
        "BillingCurrency",
        "is no code of ISO 4217",
        clause(Term(Unlisted("BillingCurrency", CURRENCIES))),
        ("BillingCurrency-C-003-M", "BillingCurrency-C-006-M", "CurrencyFormat-A-001-C"),
    ),
    Rule(
        "casing",
        "BillingCurrency",
        "is a code of ISO 4217 in lower case",
        clause(Term(Miscased("BillingCurrency", CURRENCIES))),
        ("BillingCurrency-C-003-M",),
    ),
    Rule(
        "casing",
        "PricingCurrency",
        "is a code of ISO 4217 in lower case",
        clause(Term(Miscased("PricingCurrency", CURRENCIES))),
        ("PricingCurrency-C-003-M", "CurrencyFormat-A-001-C"),
        since="1.2",
    ),
    _priced_virtually("PricingCurrencyContractedUnitPrice", 47),
    _priced_virtually("PricingCurrencyEffectiveCost", 51),
    _priced_virtually("PricingCurrencyListUnitPrice", 55),
    Rule(
        "allowed-values",
        "ChargeFrequency",
        "is Usage-Based on a purchase",
        clause(is_("ChargeFrequency", "Usage-Based"), is_("ChargeCategory", "Purchase")),
        ("ChargeFrequency-C-004-C",),
    ),
    _not_negative("ContractedUnitPrice", "C-009-C"),
    _not_negative("ListUnitPrice", "C-008-M"),
    _not_negative("PricingCurrencyContractedUnitPrice", "C-008-C", since="1.2"),
    _not_negative("PricingCurrencyListUnitPrice", "C-008-M", since="1.2"),
    Rule(
        "property",
        "SkuPriceDetails",
        "has a key that FOCUS does not know and that does not begin with x_",
        clause(Term(StrangeKey("SkuPriceDetails", _PROPERTIES))),
        ("SkuPriceDetails-C-017-C",),
        since="1.1",
    ),
    Rule(
        "property",
        "SkuPriceDetails",
        "has a key in another case than FOCUS has it",
        clause(Term(MiscasedKey("SkuPriceDetails", _PROPERTIES))),
        ("SkuPriceDetails-C-020-M",),
        since="1.1",
    ),
    Rule(
        "property",
        "SkuPriceDetails",
        "has a number where FOCUS wants a text, or the reverse",
        clause(Term(MistypedValue("SkuPriceDetails", NUMBER_PROPERTIES, TEXT_PROPERTIES))),
        ("SkuPriceDetails-C-021-M",),
        since="1.1",
    ),
)
