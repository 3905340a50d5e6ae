"""Savings plans and reservations: what was paid for and not used, and the negations that cancel what plans cover."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from app.domain.money import plain
from ingest.aws.amounts import COST_COLUMNS, EXACT, Exact, exact, total
from ingest.aws.line_item import BILLED, COVERED, NEGATION, PLAN_FEE, RESERVATION_FEE, LineItems
from ingest.aws.products import SAVINGS_PLANS
from ingest.delivery import part
from ingest.engine.duckdb import POSITION, rows_of
from ingest.finding import Finding
from ingest.focus.lines import UNREADABLE

UNUSED_PART, DIFFERENCE_PART = 1, 2
_TOTAL, _USED = "savings_plan_total_commitment_to_date", "savings_plan_used_commitment"
_UNUSED_UPFRONT = (
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
)
_UNUSED_QUANTITY = "reservation_unused_quantity"
_UNUSED_RECURRING = ("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee")
_TEXT_AT = dt.Map(dt.int64, dt.string)
# Whose invoice a difference is on.
_BOOKED_TO = (
    "bill_billing_period_start_date",
    "line_item_currency_code",
    "bill_payer_account_id",
    "bill_invoice_id",
    "bill_invoicing_entity",
    "line_item_usage_account_id",
)


def unused_commitments(items: LineItems) -> list[Table]:
    """A row for the unused part of each recurring fee: it costs what usage did not take up, and bills nothing.

    A fee's own row is the purchase; both signs are kept, so that a corrected fee takes its unused part back.
    """
    found = []
    if PLAN_FEE in items.types:
        fees = items.on(items.native.table.filter(items.kind == PLAN_FEE))
        committed, used = exact(fees.native, _TOTAL), exact(fees.native, _USED)
        negated = Exact((-used.value).cast(EXACT), used.unreadable)
        unused = total(committed, negated)
        quantity, unit = unused.value, fees.native.text("line_item_currency_code")
        found.append(_unused(fees, unused, [(committed, _TOTAL), (used, _USED)], quantity, unit))
    if RESERVATION_FEE in items.types:
        fees = items.on(items.native.table.filter(items.kind == RESERVATION_FEE))
        upfront, recurring = exact(fees.native, *_UNUSED_UPFRONT), exact(fees.native, *_UNUSED_RECURRING)
        named = [(upfront, _UNUSED_UPFRONT[-1]), (recurring, _UNUSED_RECURRING[-1])]
        quantity, unit = fees.amounts.passed(fees.native, _UNUSED_QUANTITY), fees.native.text("pricing_unit")
        found.append(_unused(fees, total(upfront, recurring), named, quantity, unit))
    return found


def _unused(fees: LineItems, cost: Exact, named: list[tuple[Exact, str]], quantity: Column, unit: Column) -> Table:
    native, amounts, table = fees.native, fees.amounts, fees.native.table
    fee = fees.row()
    row = {
        **fee,
        "BilledCost": amounts.zero,
        "EffectiveCost": cost.value,
        "ListCost": amounts.zero,
        "ContractedCost": amounts.zero,
        "PricingQuantity": amounts.null,
        "ConsumedQuantity": amounts.null,
        "ChargeCategory": ibis.literal("Usage"),
        "ChargeFrequency": ibis.literal("Usage-Based"),
        "PricingCategory": ibis.literal("Committed"),
        "CommitmentDiscountStatus": ibis.literal("Unused"),
        "CommitmentDiscountQuantity": quantity,
        "CommitmentDiscountUnit": unit,
        "ResourceId": fee["CommitmentDiscountId"],
        UNREADABLE: ibis.cases(*((each.unreadable, native.written(name)) for each, name in named)),
        **part(table, UNUSED_PART),
    }
    there = (cost.value != 0).fill_null(ibis.literal(value=False)) | cost.unreadable
    return table.filter(there).select(**row)


def unreadable_fold(items: LineItems) -> Column:
    """Whether a covered line item or a negation has an amount that cannot be folded exactly."""
    return exact(items.native, *BILLED).unreadable


@dataclass(frozen=True)
class Differences:
    """What covered usage and its negations do not cancel, by account and invoice; normally there is none."""

    found: tuple[
        Mapping[str, Any], ...
    ]  # position of a row of the account and invoice, billing period, currency, amount

    def rows(self, items: LineItems) -> Table:
        """An adjustment for each. It has the dimensions that all of its line items have in common."""
        bill = items.native.table
        # They were worked out once; a query for line items need not do so again.
        listed = {each["position"]: str(each["amount"]) for each in self.found}
        rows = items.on(bill.filter(bill[POSITION].isin(list(listed))))
        native, table, nothing = rows.native, rows.native.table, ibis.null("string")
        amount = amount_at(ibis.literal(listed, type=_TEXT_AT), table[POSITION]).cast(EXACT)
        row = {
            **rows.row(),
            **dict.fromkeys(COST_COLUMNS, amount),
            "PricingQuantity": rows.amounts.null,
            "ConsumedQuantity": rows.amounts.null,
            "CommitmentDiscountQuantity": rows.amounts.null,
            "ChargeCategory": ibis.literal("Adjustment"),
            "ChargeClass": nothing,
            "ChargeDescription": ibis.literal("Covered usage and savings plan negation do not cancel on the bill"),
            "ChargeFrequency": ibis.literal("One-Time"),
            "ChargePeriodStart": native.column("bill_billing_period_start_date"),
            "ChargePeriodEnd": native.first("bill_billing_period_end_date", "bill_billing_period_start_date"),
            "PricingCategory": ibis.literal("Other"),
            "ServiceName": ibis.literal(SAVINGS_PLANS.name),
            "ServiceCategory": ibis.literal(SAVINGS_PLANS.category),
            "ServiceSubcategory": ibis.literal(SAVINGS_PLANS.subcategory),
            **dict.fromkeys(_NOT_IN_COMMON, nothing),
            UNREADABLE: nothing,
            **part(table, DIFFERENCE_PART),
        }
        return table.select(**row)

    def note(self) -> Finding:
        """What to tell the reader."""
        sums: dict[tuple[str, str], Decimal] = {}
        for each in self.found:
            key = str(each["period"])[:7], each["currency"]
            sums[key] = sums.get(key, Decimal(0)) + each["amount"]
        shown = (f"{plain(amount)} {currency} in {month}" for (month, currency), amount in sorted(sums.items()))
        return Finding(
            rule="negation-cancels",
            column=BILLED[-1],
            message="of SavingsPlanCoveredUsage and SavingsPlanNegation do not add up to zero; the difference is"
            " booked as an adjustment of its own",
            rows=len(self.found),
            example=", ".join(shown),
        )


_NOT_IN_COMMON = (
    "AvailabilityZone",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedUnit",
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingUnit",
    "RegionId",
    "ResourceId",
    "SkuId",
    "SkuMeter",
    "SkuPriceId",
    "Tags",
)


@ibis.udf.scalar.builtin(name="map_extract_value")
def amount_at(amounts: _TEXT_AT, position: int) -> str:  # type: ignore[valid-type, empty-body]
    """The amount listed for a position."""


def folded_differences(items: LineItems) -> Differences | None:
    """The differences of a delivery; None where everything cancels.

    Covered usage bills nothing in FOCUS, and a negation says nothing else; on the bill they add up to zero. Where they
    do not, the difference is money on the invoice that would be lost.
    """
    if not items.types & {COVERED, NEGATION}:
        return None
    table = items.native.table
    folded = items.native.on(table.filter(items.kind.isin([COVERED, NEGATION])))
    billed = exact(folded, *BILLED).value
    groups = {f"group_{i}": folded.column(name) for i, name in enumerate(_BOOKED_TO) if folded.has(name)}
    summed = (
        folded.table.select(**groups, position=folded.table[POSITION], billed=billed)
        .filter(ibis._.billed.notnull())
        .aggregate(by=list(groups), amount=ibis._.billed.sum().cast(EXACT), position=ibis._.position.min())
    )
    different = summed.filter(summed.amount != 0)
    found = rows_of(
        different.select(period=different.group_0, currency=different.group_1, position="position", amount="amount")
    )
    return Differences(tuple(found)) if found else None
