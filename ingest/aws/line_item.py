"""One CUR line item as one FOCUS row: its dimensions and its four costs, by line item type.

Amounts follow AWS' own definitions (Data Exports user guide, "Line item columns", "Savings Plans columns", "Reservation
columns"; the amortised cost is the one of AWS' Cost Intelligence Dashboards, summary view). Where a net column has a
value, it counts: it is the price after private discounts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.datatypes as dt
from ibis import Column

from ingest.aws.amounts import Amounts
from ingest.aws.native import Native, map_extract_value
from ingest.aws.products import BEDROCK, BLOCK_STORAGE, OTHER, SERVICES
from ingest.aws.tags import tags

COVERED, NEGATION = "SavingsPlanCoveredUsage", "SavingsPlanNegation"
PLAN_FEE, PLAN_UPFRONT = "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"
RESERVED, RESERVATION_FEE = "DiscountedUsage", "RIFee"
FEE, TAX, CREDIT, REFUND, FLAT_RATE = "Fee", "Tax", "Credit", "Refund", "FlatRateSubscription"
DISCOUNTS = ("BundledDiscount", "Discount", "EdpDiscount", "PrivateRateDiscount", "SppDiscount")
USAGE = ("Usage", COVERED, RESERVED)
KNOWN = (*USAGE, NEGATION, PLAN_FEE, PLAN_UPFRONT, RESERVATION_FEE, FEE, TAX, CREDIT, REFUND, FLAT_RATE, *DISCOUNTS)

BILLED = ("line_item_net_unblended_cost", "line_item_unblended_cost")
PLAN_COST = ("savings_plan_net_savings_plan_effective_cost", "savings_plan_savings_plan_effective_cost")
RESERVED_COST = ("reservation_net_effective_cost", "reservation_effective_cost")
LIST = "pricing_public_on_demand_cost"
# Without these a line item of the type would have no effective cost.
NEEDED = {
    COVERED: (PLAN_COST[1],),
    RESERVED: (RESERVED_COST[1],),
    PLAN_FEE: ("savings_plan_total_commitment_to_date", "savings_plan_used_commitment"),
    RESERVATION_FEE: (
        "reservation_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_recurring_fee",
    ),
}
# A plan returned within seven days gives its fee back under this description and without an ARN; other refunds of a
# plan (of a private discount, say) are usage and stay (cloud-intelligence-dashboards-framework, issues 1087 and 1497).
_RETURNED_PLAN = "Refund for one-time fee for Savings Plan ID"
_PLANS = "SavingsPlans"  # how the product codes of savings plans end

Row = dict[str, ibis.Value]


@dataclass(frozen=True)
class LineItems:
    """Line items and how to read them: only the types that occur in the delivery are asked about, row by row."""

    native: Native
    amounts: Amounts
    types: frozenset[str]

    def on(self, table: ibis.Table, *, prefix: str = "") -> "LineItems":
        """The same reading of another table of line items."""
        return replace(self, native=self.native.on(table, prefix=prefix))

    @property
    def kind(self) -> Column:
        """The line item type."""
        return self.native.text("line_item_line_item_type")

    @property
    def billed(self) -> Column:
        """What the invoice charges for the line item itself."""
        return self.amounts.passed(self.native, *BILLED)

    def by_type(self, *choices: tuple[Sequence[str], Callable[[], ibis.Value]], otherwise: ibis.Value) -> Column:
        """The first choice whose types include the line item's."""
        asked = []
        for types, value in choices:
            occurring = [each for each in types if each in self.types]
            if occurring:
                asked.append((self.kind.isin(occurring), value()))
        return ibis.cases(*asked, else_=otherwise) if asked else otherwise

    def row(self) -> Row:
        """Its FOCUS columns."""
        return {**self._costs(), **self._dimensions(), **self._ours()}

    def _costs(self) -> Row:
        native, amounts = self.native, self.amounts
        billed = self.billed
        reserved = amounts.passed(native, *RESERVED_COST)
        plan_covered = amounts.passed(native, *PLAN_COST)
        listed = amounts.passed(native, LIST, *BILLED)
        amount = amounts.passed(native, "line_item_usage_amount")
        return {
            "BilledCost": self.by_type(([COVERED], lambda: amounts.zero), otherwise=billed),
            "EffectiveCost": self.by_type(
                ([COVERED], lambda: plan_covered),
                ([RESERVED], lambda: reserved),
                ([PLAN_FEE, PLAN_UPFRONT, RESERVATION_FEE], lambda: amounts.zero),
                ([FEE], lambda: ibis.cases((self.reservation.notnull(), amounts.zero), else_=billed)),
                ([REFUND], lambda: ibis.cases((self.returns_plan, amounts.zero), else_=billed)),
                otherwise=billed,
            ),
            "ListCost": self.by_type((USAGE, lambda: listed), (DISCOUNTS, lambda: amounts.zero), otherwise=billed),
            # What the usage would have cost without the reservation is on the bill at public prices only.
            "ContractedCost": self.by_type(([RESERVED], lambda: listed), otherwise=billed),
            "PricingQuantity": self.by_type(([TAX], lambda: amounts.null), otherwise=amount),
            "ConsumedQuantity": self.by_type((_NOT_CONSUMED, lambda: amounts.null), otherwise=amount),
            # A plan's commitment is money, at prices before private discounts; a reservation's is time.
            "CommitmentDiscountQuantity": self.by_type(
                ([COVERED], lambda: amounts.passed(native, PLAN_COST[1])),
                ([RESERVED], lambda: amount),
                otherwise=amounts.null,
            ),
        }

    @property
    def reservation(self) -> Column:
        """The ARN of the reservation that the line item belongs to."""
        return self.native.said("reservation_reservation_a_r_n")

    @property
    def returns_plan(self) -> Column:
        """Whether a refund gives back the upfront fee of a savings plan."""
        description = self.native.text("line_item_line_item_description")
        code = self.native.text("line_item_product_code")
        return (code.endswith(_PLANS) & description.startswith(_RETURNED_PLAN)).fill_null(ibis.literal(value=False))

    def _dimensions(self) -> Row:
        native = self.native
        plan = native.said("savings_plan_savings_plan_a_r_n")
        text = native.text
        return {
            "BillingAccountId": text("bill_payer_account_id"),
            "BillingAccountName": text("bill_payer_account_name"),
            "BillingCurrency": text("line_item_currency_code"),
            "BillingPeriodStart": native.column("bill_billing_period_start_date"),
            "BillingPeriodEnd": native.first("bill_billing_period_end_date", "bill_billing_period_start_date"),
            "ChargePeriodStart": native.first("line_item_usage_start_date", "bill_billing_period_start_date"),
            "ChargePeriodEnd": native.first("line_item_usage_end_date", "line_item_usage_start_date"),
            "SubAccountId": text("line_item_usage_account_id"),
            "SubAccountName": text("line_item_usage_account_name"),
            "InvoiceId": text("bill_invoice_id"),
            "InvoiceIssuerName": native.said("bill_invoicing_entity", "bill_billing_entity"),
            "ServiceProviderName": ibis.literal("AWS"),
            "PublisherName": text("line_item_legal_entity"),
            **self._charge(),
            **self._service(),
            "RegionId": native.said("product_region_code", "product_region"),
            "AvailabilityZone": text("line_item_availability_zone"),
            "ResourceId": text("line_item_resource_id"),
            "SkuId": text("product_sku"),
            "SkuMeter": text("line_item_usage_type"),
            "SkuPriceId": native.said("pricing_rate_code", "pricing_rate_id"),
            "PricingUnit": self.by_type(([TAX], _nothing), otherwise=text("pricing_unit")),
            "ConsumedUnit": self.by_type((_NOT_CONSUMED, _nothing), otherwise=text("pricing_unit")),
            "ListUnitPrice": text("pricing_public_on_demand_rate"),
            "ContractedUnitPrice": native.said("line_item_net_unblended_rate", "line_item_unblended_rate"),
            "CommitmentDiscountId": ibis.coalesce(plan, self.reservation),
            "CommitmentDiscountCategory": ibis.cases((plan.notnull(), "Spend"), (self.reservation.notnull(), "Usage")),
            "CommitmentDiscountType": ibis.cases(
                (plan.notnull(), "Savings Plan"), (self.reservation.notnull(), "Reserved Instance")
            ),
            "CommitmentDiscountStatus": self.by_type(
                ([COVERED, RESERVED], lambda: ibis.literal("Used")), otherwise=_nothing()
            ),
            "CommitmentDiscountUnit": self.by_type(
                ([COVERED], lambda: text("line_item_currency_code")),
                ([RESERVED], lambda: text("pricing_unit")),
                otherwise=_nothing(),
            ),
            "CapacityReservationId": native.said("capacity_reservation_capacity_reservation_arn"),
            "CapacityReservationStatus": native.said("capacity_reservation_capacity_reservation_status"),
            "Tags": tags(native),
            "AllocatedMethodId": _nothing(),
            "AllocatedMethodDetails": _nothing(),
            "AllocatedResourceId": _nothing(),
            "AllocatedResourceName": _nothing(),
            "AllocatedTags": _nothing(),
        }

    def _charge(self) -> Row:
        native, says = self.native, ibis.literal
        earlier = native.column("line_item_usage_start_date") < native.column("bill_billing_period_start_date")
        purchases = (PLAN_FEE, PLAN_UPFRONT, RESERVATION_FEE, FEE, FLAT_RATE)
        return {
            "ChargeCategory": self.by_type(
                (purchases, lambda: says("Purchase")),
                ([TAX], lambda: says("Tax")),
                ([CREDIT], lambda: says("Credit")),
                (
                    [REFUND],
                    lambda: ibis.cases(
                        (native.said("line_item_tax_type").notnull(), "Tax"),
                        (self.returns_plan, "Purchase"),
                        else_="Usage",
                    ),
                ),
                otherwise=says("Usage"),
            ),
            "ChargeClass": self.by_type(([REFUND], lambda: ibis.cases((earlier, "Correction"))), otherwise=_nothing()),
            "ChargeDescription": native.text("line_item_line_item_description"),
            "ChargeFrequency": self.by_type(
                ((PLAN_FEE, RESERVATION_FEE, FLAT_RATE), lambda: says("Recurring")),
                ((PLAN_UPFRONT, FEE, TAX, CREDIT, REFUND), lambda: says("One-Time")),
                otherwise=says("Usage-Based"),
            ),
            "PricingCategory": self.by_type(
                ([COVERED, RESERVED], lambda: says("Committed")),
                ([TAX], _nothing),
                ((CREDIT, REFUND, *DISCOUNTS), lambda: says("Other")),
                (purchases, lambda: says("Standard")),
                otherwise=ibis.cases(
                    (native.text("line_item_usage_type").contains("SpotUsage"), "Dynamic"), else_="Standard"
                ),
            ),
        }

    def _service(self) -> Row:
        native = self.native
        code = native.text("line_item_product_code")
        product = native.product("product_name")
        name, category, subcategory = (_lookup(code, number) for number in range(3))
        # A model that its maker sells through the marketplace has a product code of its own.
        model = product.contains(BEDROCK.name)
        disk = (code == "AmazonEC2") & native.text("line_item_usage_type").contains("EBS:")
        return {
            "ServiceName": ibis.coalesce(name, product, code),
            "ServiceCategory": ibis.cases(
                (disk, BLOCK_STORAGE.category),
                else_=ibis.coalesce(category, ibis.cases((model, BEDROCK.category), else_=OTHER[0])),
            ),
            "ServiceSubcategory": ibis.cases(
                (disk, BLOCK_STORAGE.subcategory),
                else_=ibis.coalesce(subcategory, ibis.cases((model, BEDROCK.subcategory), else_=OTHER[1])),
            ),
        }

    def _ours(self) -> Row:
        """What FOCUS has no column for."""
        native = self.native
        return {
            "x_LineItemType": self.kind,
            "x_ServiceCode": native.text("product_servicecode"),
            "x_ProductCode": native.text("line_item_product_code"),
            "x_ProductFamily": native.product("product_family"),
            "x_InstanceType": native.product("instance_type"),
            "x_Operation": native.text("line_item_operation"),
            "x_BillType": native.text("bill_bill_type"),
            "x_BillingEntity": native.text("bill_billing_entity"),
            "x_IamPrincipal": native.text("line_item_iam_principal"),
            "x_UserIdentifier": native.text("line_item_user_identifier"),
        }


_NOT_CONSUMED = tuple(each for each in KNOWN if each not in USAGE)


def _nothing() -> Column:
    return ibis.null("string")


def _lookup(code: Column, field: int) -> Column:
    """A part of the listed service; null for others."""
    listed = ibis.literal(
        {each: service[field] for each, service in SERVICES.items()}, type=dt.Map(dt.string, dt.string)
    )
    return map_extract_value(listed, code)
