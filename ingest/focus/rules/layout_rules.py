"""Rules about the columns of a delivery: which must be there, of which type, and what they are called.

Whether a vendor *supports* something (regions, commitments) is not written in a bill. A column of the same subject that
is there proves it; without such a column nothing is asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.finding import Finding
from ingest.focus.rules.cells import Cells
from ingest.focus.rules.columns import COLUMN_RULES, ColumnRule, Content
from ingest.focus.rules.rule import FIRST, LAST

PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
COLUMN_NAME_IDS = ("ColumnHandling-A-001-M", "ColumnHandling-A-003-M")
CUSTOM_NAME_ID = "ColumnHandling-A-010-M"


@dataclass(frozen=True)
class Presence:
    """A column that must be there where any column of `proof` is, or always when there is none."""

    id: str
    column: str
    proof: tuple[str, ...] = ()
    since: str = FIRST
    until: str = LAST


def _always(number: int, column: str, until: str = LAST) -> Presence:
    return Presence(f"CostAndUsage-D-{number:03}-M", column, until=until)


def _group(numbers: dict[str, int], *proof: str, since: str = FIRST) -> tuple[Presence, ...]:
    """Columns of one subject: where one is, all must be. `numbers` are those of their ids."""
    return tuple(
        Presence(f"CostAndUsage-D-{number:03}-C", column, (*(set(numbers) - {column}), *proof), since)
        for column, number in numbers.items()
    )


PRESENCE: tuple[Presence, ...] = (
    _always(5, "BillingAccountName"),
    _always(6, "BilledCost"),
    _always(8, "ChargeCategory"),
    _always(9, "BillingPeriodStart"),
    _always(10, "BillingPeriodEnd"),
    _always(21, "PublisherName", "1.3"),
    _always(23, "InvoiceIssuerName"),
    _always(24, "BillingAccountId"),
    _always(25, "ChargeDescription"),
    _always(26, "ChargeClass"),
    _always(28, "ChargePeriodEnd"),
    _always(30, "ContractedCost"),
    _always(31, "EffectiveCost"),
    _always(32, "ListCost"),
    _always(35, "BillingCurrency"),
    _always(36, "PricingQuantity"),
    _always(37, "ChargePeriodStart"),
    _always(38, "ProviderName", "1.3"),
    _always(40, "ServiceCategory"),
    _always(41, "ServiceName"),
    _always(68, "PricingUnit"),
    Presence("", "ServiceProviderName", since="1.3"),
    Presence("", "HostProviderName", since="1.3"),
    *_group({"ConsumedQuantity": 11, "ConsumedUnit": 66}),
    *_group(
        {
            "CommitmentDiscountName": 12,
            "CommitmentDiscountId": 13,
            "CommitmentDiscountType": 14,
            "CommitmentDiscountCategory": 16,
            "CommitmentDiscountStatus": 17,
        },
        "CommitmentDiscountQuantity",
        "CommitmentDiscountUnit",
    ),
    *_group(
        {"CommitmentDiscountUnit": 15, "CommitmentDiscountQuantity": 18},
        "CommitmentDiscountId",
        "CommitmentDiscountStatus",
        since="1.1",
    ),
    *_group({"SubAccountId": 19, "SubAccountName": 29}, "SubAccountType"),
    *_group({"CapacityReservationStatus": 20, "CapacityReservationId": 65}, since="1.1"),
    Presence("CostAndUsage-D-022-C", "PricingCategory", ("CommitmentDiscountId",)),
    *_group({"ResourceType": 39, "ResourceId": 43, "ResourceName": 44}),
    *_group({"RegionName": 62, "RegionId": 63}),
    Presence("CostAndUsage-D-034-C", "ContractedUnitPrice", ("PricingCurrencyContractedUnitPrice",), since="1.2"),
    *_group({"ListUnitPrice": 4, "SkuPriceId": 58, "SkuId": 60}, "SkuMeter", "SkuPriceDetails"),
    *_group({"SkuMeter": 59, "SkuPriceDetails": 61}, "SkuPriceId", "SkuId", since="1.1"),
    Presence(
        "CostAndUsage-D-045-C",
        "PricingCurrency",
        ("PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"),
        since="1.2",
    ),
)


@dataclass(frozen=True)
class Columns:
    """The columns of a delivery, as they are called in it."""

    cells: Cells
    extras: tuple[str, ...]
    typed: bool  # whether columns have types that somebody chose: Parquet, and not CSV rewritten
    version: str  # of FOCUS


def layout_findings(columns: Columns, rows: int) -> Iterator[Finding]:
    """What is wrong with the columns themselves; it is so in every row."""
    yield from _missing(columns, rows)
    if columns.typed:
        yield from _mistyped(columns, rows)
    yield from _misnamed(columns, rows)


def _missing(columns: Columns, rows: int) -> Iterator[Finding]:
    for each in PRESENCE:
        asked = not each.proof or any(name in columns.cells.names for name in each.proof)
        if asked and each.since <= columns.version <= each.until and each.column not in columns.cells.names:
            because = f", although {_proof(each, columns)} is" if each.proof else ""
            yield Finding("presence", each.column, f"is not among the columns{because}", rows, None, each.id or None)


def _proof(presence: Presence, columns: Columns) -> str:
    return next(name for name in sorted(presence.proof) if name in columns.cells.names)


def _mistyped(columns: Columns, rows: int) -> Iterator[Finding]:
    for each in COLUMN_RULES:
        kind = columns.cells.types.get(each.name)
        if each.type_id and kind is not None and not _fits(each, kind):
            words = f"is of type {kind}, where FOCUS has {each.content}"
            yield Finding("type", each.name, words, rows, None, each.type_id)


def _fits(column: ColumnRule, kind: object) -> bool:
    tests = {Content.TEXT: ("is_string",), Content.NUMBER: ("is_numeric",), Content.INSTANT: ("is_timestamp",)}
    return kind.is_null() or any(getattr(kind, test)() for test in tests[column.content])  # type: ignore[attr-defined]


def _misnamed(columns: Columns, rows: int) -> Iterator[Finding]:
    for name, written in columns.cells.names.items():
        if name != written:
            words = "is not written as FOCUS has it"
            yield Finding("column-name", name, words, rows, written, COLUMN_NAME_IDS[0])
    for written in columns.extras:
        if not written.startswith("x_"):
            words = "is no column of FOCUS and does not begin with x_"
            yield Finding("column-name", written, words, rows, None, CUSTOM_NAME_ID)
