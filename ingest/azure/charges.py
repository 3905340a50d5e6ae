"""Azure's cost details as FOCUS rows.

Source: Microsoft, "Convert Cost Management data to FOCUS", with these differences: a quantity is in blocks of its unit
of measure unless the row's own cost says otherwise, so PricingUnit names the block; a price of zero beside a cost is an
unknown price, not a price of zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.azure.columns import spelled
from ingest.azure.decimals import times
from ingest.azure.halves import Half
from ingest.azure.units import Unit
from ingest.delivery import place
from ingest.engine.duckdb import ROW, rows_of
from ingest.focus.cells import instant
from ingest.focus.lines import UNREADABLE
from ingest.focus.numbers import MAX_DIGITS, NUMBER, significant_digits

PREFIX = "trueup_focus_"  # of the FOCUS columns in a rewritten file; its own columns may have the same names
PRICES = ("quantity", "unit_price", "list_price")
# What is looked up for every row; `trueup_` stands before these names in the source.
LOOKED_UP = (
    "half", "twin", "billed", "service_name", "service_category", "service_subcategory", "unit", "priced_unit", "block",
    "reciprocal", "per_unit", "region_id", "region_name",
)  # fmt: skip
_CATEGORIES = {
    "usage": "Usage",
    "unusedreservation": "Usage",
    "unusedsavingsplan": "Usage",
    "purchase": "Purchase",
    "refund": "Purchase",
    "tax": "Tax",
    "credit": "Credit",
    "adjustment": "Adjustment",
    "roundingadjustment": "Adjustment",
}
_FREQUENCIES = {"onetime": "One-Time", "recurring": "Recurring", "usagebased": "Usage-Based"}
_WITHOUT_PRICE = ("Tax", "Credit", "Adjustment")


@dataclass(frozen=True)
class Digits:
    """The most digits that the numbers of a bill have, before and after the point."""

    whole: Mapping[str, int]
    fraction: Mapping[str, int]

    def fit(self, *names: str) -> bool:
        """Whether the product of these numbers can be kept exactly."""
        return sum(self.whole[name] + self.fraction[name] for name in names) <= MAX_DIGITS


def digits(prices: Table, units: Sequence[Unit]) -> Digits:
    """The digits of the numbers that amounts are calculated from: of `prices` (text), and of the blocks of `units`."""
    found = {name: significant_digits(prices, name) for name in PRICES}
    (row,) = rows_of(
        prices.aggregate(
            **{f"{name}_whole": whole.max() for name, (whole, _) in found.items()},
            **{f"{name}_fraction": fraction.max() for name, (_, fraction) in found.items()},
        )
    )
    whole = {name: max(int(row[f"{name}_whole"] or 0), 1) for name in PRICES}
    fraction = {name: max(int(row[f"{name}_fraction"] or 0), 0) for name in PRICES}
    for name, numbers in (
        ("block", [each.block for each in units]),
        ("reciprocal", [each.reciprocal for each in units if each.reciprocal]),
    ):
        whole[name] = max((max(number.adjusted() + 1, 1) for number in numbers), default=1)
        fraction[name] = max((max(-int(number.as_tuple().exponent), 0) for number in numbers), default=0)
    return Digits(whole, fraction)


def mapped(source: Table, columns: Sequence[str], found: Digits) -> Table:
    """The rows of a file with its own `columns` and, beside them, what they are in FOCUS.

    `source` has what `ingest.azure.enrich` looks up. An amortized row has its own cost as EffectiveCost and its twin's
    as BilledCost. An actual row without a twin is billed only: a purchase, a refund, or a difference between the two
    files. Its usage, if any, is the other file's. Any other actual row does not count.
    """
    native = _native(source, columns)
    rows = _Rows(native, found)
    groups = (rows.costs, rows.charge, rows.commitment, rows.prices, rows.dimensions, rows.extras)
    return native.select(
        **{name: native[f"raw_{number}"] for number, name in enumerate(columns)},
        **{f"{PREFIX}{name}": column for group in groups for name, column in group.items()},
        trueup_kept=(native.half != Half.ACTUAL) | (~native.twin & ~rows.is_nothing),
        trueup_problem=rows.unreadable,
        **{ROW: native[ROW]},
    )


def focus_rows(bill: Table) -> Table:
    """The rows of rewritten files that count, under FOCUS names."""
    kept = bill.filter(bill.trueup_kept)
    names = [name.removeprefix(PREFIX) for name in bill.columns if name.startswith(PREFIX)]
    return kept.select(
        **{name: kept[f"{PREFIX}{name}"] for name in names}, **{UNREADABLE: kept.trueup_problem}, **place(kept)
    )


def _native(source: Table, columns: Sequence[str]) -> Table:
    """What the mapping reads, under our names: text without blanks, null where a cell is empty; and the raw columns."""
    names = (
        "cost", "currency", "date", "charge_type", "pricing_model", "frequency", "period_start", "period_end",
        "account_id", "account_name", "profile_id", "profile_name", "subscription_id", "subscription_name",
        "resource_group", "resource_id", "resource_name", "zone", "provider", "meter_id", "meter_name",
        "meter_category", "meter_subcategory", "meter_region", "family", "product", "product_id", "part_number", "plan",
        "quantity", "measure", "unit_price", "list_price", "list_cost", "pricing_currency", "benefit_id",
        "benefit_name", "reservation_id", "reservation_name", "order_id", "order_name", "term", "publisher_type",
        "publisher", "partner", "invoice_id", "invoice_section", "invoice_section_id", "account_owner", "cost_center",
        "offer", "tags", "details", "rule",
    )  # fmt: skip
    ours = {name: _cell(source, columns, name) for name in names}
    return source.select(
        **ours,
        date_column=_source(source, columns, "date"),
        cost_column=_source(source, columns, "cost"),
        **{name: source[f"trueup_{name}"] for name in LOOKED_UP},
        **{f"raw_{number}": source[name] for number, name in enumerate(columns)},
        **{ROW: source[ROW]},
    )


def _cell(source: Table, columns: Sequence[str], ours: str) -> Column:
    found = [_said(source[name]) for name in spelled(columns, ours)]
    return ibis.coalesce(*found) if found else ibis.null("string")


def _source(source: Table, columns: Sequence[str], ours: str) -> Column:
    """The name of the column that `_cell` reads in a row."""
    found = spelled(columns, ours)
    assert found  # a file without it was refused
    return ibis.cases(*((_said(source[name]).notnull(), ibis.literal(name)) for name in found), else_=found[0])


class _Rows:
    """The FOCUS columns of native rows, in groups that belong together."""

    def __init__(self, native: Table, found: Digits) -> None:
        self.native, self.digits = native, found
        self.kind = ibis.coalesce(_squeezed(native.charge_type), "usage")
        self.model = _squeezed(native.pricing_model)
        self.is_unused = self.kind.startswith("unused")
        by_id = ibis.coalesce(native.benefit_id, native.reservation_id)
        # Without a pricing model, as in older files, an id of a reservation is all there is to go by.
        self.is_committed = (
            ibis.coalesce(self.model.isin(("reservation", "savingsplan")), by_id.notnull()) | self.is_unused
        )
        self.is_only_billed = native.half == Half.ACTUAL
        self.category = ibis.cases(
            *((self.kind == kind, ibis.literal(category)) for kind, category in _CATEGORIES.items()),
            (self.is_unused, ibis.literal("Usage")),
            else_=native.charge_type,
        )
        self.is_usage = self.category == "Usage"

    @property
    def is_nothing(self) -> Column:
        """Whether an actual row says nothing that the amortized file does not: usage that is billed at zero."""
        cost = self.native.cost
        zero = cost.re_search(NUMBER) & ~cost.re_search("^[^eE]*[1-9]")
        return self.is_usage & ibis.coalesce(zero, ibis.literal(value=False))

    @property
    def unreadable(self) -> Column:
        """The native column that keeps a row from being booked."""
        native = self.native
        day = instant(native["date"])
        return ibis.cases(
            (native.cost.notnull() & ~native.cost.re_search(NUMBER), native.cost_column),
            (day.isnull(), native.date_column),
        )

    @property
    def costs(self) -> dict[str, Column]:
        """The four costs and their currency."""
        native = self.native
        nothing, whole = ibis.literal("0"), native.half == Half.BOTH
        billed = ibis.cases((whole | self.is_only_billed, native.cost), else_=ibis.coalesce(native.billed, nothing))
        effective = ibis.cases((self.is_only_billed, nothing), else_=native.cost)
        plain = self.category.isin(_WITHOUT_PRICE)
        # A difference between the two files moves what is billed; list and contracted cost came with the usage.
        only_difference = self.is_only_billed & self.is_usage
        told = ibis.cases((~self._is_unpriced(native.list_cost), native.list_cost))
        list_cost = ibis.coalesce(told, self._product("list_price").cast("string"))
        return {
            "BilledCost": billed,
            "EffectiveCost": effective,
            "ListCost": ibis.cases((only_difference, nothing), (plain, native.cost), else_=list_cost),
            "ContractedCost": ibis.cases(
                (only_difference, nothing), (plain, native.cost), else_=self._product("unit_price").cast("string")
            ),
            "BillingCurrency": native.currency,
        }

    def _product(self, price: str) -> Column:
        """Price × pricing quantity in the billing currency; null where a factor is unknown or digits would be lost."""
        native = self.native
        if not self.digits.fit("quantity", price, "reciprocal"):
            return ibis.null(dt.Decimal(MAX_DIGITS, 0))
        amount = times(self._decimal(price), self._blocks)
        foreign = ibis.coalesce(native.pricing_currency != native.currency, ibis.literal(value=False))
        return ibis.cases((~foreign & ~self._is_unpriced(native[price]), amount))

    def _is_unpriced(self, price: Column) -> Column:
        """Whether a price is missing, or zero although the row costs something."""
        nonzero = "^[^eE]*[1-9]"
        costs = self.native.cost.re_search(nonzero) | ibis.coalesce(
            self.native.unit_price.re_search(nonzero), ibis.literal(value=False)
        )
        return ibis.coalesce(~price.re_search(nonzero) & costs, ibis.literal(value=True))

    @property
    def _blocks(self) -> Column:
        """The quantity in blocks of the unit of measure, which prices are for."""
        whole = self._decimal("quantity")
        if not self.digits.fit("quantity", "reciprocal"):
            return ibis.cases((~self.native.per_unit, whole))
        factor = ibis.cases((self.native.per_unit, self._decimal("reciprocal")), else_=self._one("reciprocal"))
        return times(whole, factor)

    @property
    def _consumed(self) -> Column:
        """The quantity in single units."""
        if not self.digits.fit("quantity", "block"):
            return ibis.null("string")
        factor = ibis.cases(
            (~self.native.per_unit, ibis.coalesce(self._decimal("block"), self._one("block"))),
            else_=self._one("block"),
        )
        return times(self._decimal("quantity"), factor).cast("string")

    def _one(self, name: str) -> Column:
        """1, of the type of the decimals called `name`."""
        return ibis.literal("1").cast(self._type(name))

    def _decimal(self, name: str) -> Column:
        text = self.native[name]
        return ibis.cases((text.re_search(NUMBER), text.try_cast(self._type(name))))

    def _type(self, name: str) -> dt.Decimal:
        whole, fraction = self.digits.whole[name], self.digits.fraction[name]
        width = min(whole + fraction, MAX_DIGITS)
        return dt.Decimal(width, min(fraction, width))

    @property
    def charge(self) -> dict[str, Column]:
        """What is charged, when, and by whom. Azure's last days belong to the period; FOCUS's do not."""
        native = self.native
        one_day = ibis.interval(days=1)
        day = instant(native["date"])
        start = instant(native["period_start"])
        # Older files have no billing period; theirs is the month of the day.
        billing_start = ibis.coalesce(start, ibis.cases((native.period_start.isnull(), day.truncate("M"))))
        billing_end = instant(native["period_end"]) + one_day
        return {
            "BillingPeriodStart": billing_start,
            "BillingPeriodEnd": ibis.coalesce(billing_end, billing_start + ibis.interval(months=1)),
            "ChargePeriodStart": day.truncate("D"),
            "ChargePeriodEnd": day.truncate("D") + one_day,
            "ChargeCategory": self.category,
            "ChargeClass": ibis.cases((self.kind == "refund", ibis.literal("Correction"))),
            "ChargeDescription": ibis.coalesce(native.product, native.meter_name),
            "ChargeFrequency": ibis.cases(
                *((_squeezed(native.frequency) == ours, ibis.literal(word)) for ours, word in _FREQUENCIES.items()),
                else_=native.frequency,
            ),
            "InvoiceId": native.invoice_id,
            "InvoiceIssuerName": ibis.coalesce(native.partner, ibis.literal("Microsoft")),
            "ServiceProviderName": ibis.literal("Microsoft"),
            "HostProviderName": ibis.literal("Microsoft"),
            "ProviderName": ibis.literal("Microsoft"),
            "PublisherName": ibis.cases(
                (_squeezed(native.publisher_type).isin(("marketplace", "thirdparty")), native.publisher),
                else_=ibis.literal("Microsoft"),
            ),
        }

    @property
    def commitment(self) -> dict[str, Column]:
        """The reservation or savings plan that a charge is about."""
        native = self.native
        built = (
            ibis.literal("/providers/Microsoft.Capacity/reservationOrders/")
            + native.order_id
            + "/reservations/"
            + native.reservation_id
        )
        identifier = ibis.coalesce(native.benefit_id, built, native.reservation_id, native.order_id)
        folded = identifier.lower()
        plan = folded.contains("/microsoft.billingbenefits/") | (self.model == "savingsplan")
        plan = ibis.coalesce(plan, ibis.literal(value=False)) | (self.kind == "unusedsavingsplan")

        def committed(value: Column) -> Column:
            return ibis.cases((self.is_committed, value))

        return {
            "CommitmentDiscountId": committed(identifier),
            "CommitmentDiscountName": committed(ibis.coalesce(native.benefit_name, native.reservation_name)),
            "CommitmentDiscountCategory": committed(plan.ifelse("Spend", "Usage")),
            "CommitmentDiscountType": committed(plan.ifelse("Savings Plan", "Reservation")),
            "CommitmentDiscountStatus": ibis.cases(
                (self.is_unused, ibis.literal("Unused")), (self.is_committed & self.is_usage, ibis.literal("Used"))
            ),
            "ResourceId": ibis.cases(
                (self.is_unused, ibis.coalesce(identifier, native.resource_id)), else_=native.resource_id.lower()
            ),
        }

    @property
    def prices(self) -> dict[str, Column]:
        """Quantities and their units."""
        native = self.native
        # Usage counts from the amortized file alone; unused hours consumed nothing.
        counts = ~(self.is_only_billed & self.is_usage)
        consumed = self.is_usage & ~self.is_unused & counts
        return {
            "PricingQuantity": ibis.cases((counts, self._blocks.cast("string"))),
            "PricingUnit": ibis.cases((counts, native.priced_unit)),
            "ConsumedQuantity": ibis.cases((consumed, self._consumed)),
            "ConsumedUnit": ibis.cases((consumed, native.unit)),
            "PricingCategory": ibis.cases(
                (self.category.isin(("Tax", "Credit")), ibis.null("string")),
                (self.is_committed & self.is_usage, ibis.literal("Committed")),
                (self.model == "spot", ibis.literal("Dynamic")),
                else_=ibis.literal("Standard"),
            ),
        }

    @property
    def dimensions(self) -> dict[str, Column]:
        """Accounts, services, resources and SKUs. Ids are those of Azure's own FOCUS exports."""
        native = self.native
        account = _path(native.account_id, "/providers/Microsoft.Billing/billingAccounts/")
        # An MCA bills by billing profile. An EA has none of its own: the file repeats the account there.
        has_profile = native.profile_id.notnull() & (native.profile_id != native.account_id)
        profile = _path(native.profile_id, account + "/billingProfiles/")
        return {
            "BillingAccountId": ibis.cases((has_profile, ibis.coalesce(profile, native.profile_id)), else_=account),
            "BillingAccountName": ibis.cases(
                (has_profile, ibis.coalesce(native.profile_name, native.account_name)), else_=native.account_name
            ),
            "BillingAccountType": has_profile.ifelse("Billing Profile", "Billing Account"),
            "SubAccountId": _path(native.subscription_id.lower(), "/subscriptions/"),
            "SubAccountName": native.subscription_name,
            "SubAccountType": ibis.cases((native.subscription_id.notnull(), ibis.literal("Subscription"))),
            "ServiceName": native.service_name,
            "ServiceCategory": native.service_category,
            "ServiceSubcategory": native.service_subcategory,
            "RegionId": native.region_id,
            "RegionName": native.region_name,
            "AvailabilityZone": native.zone,
            "ResourceName": ibis.coalesce(native.resource_name, native.resource_id.re_extract(r"([^/]+)/*$", 1)),
            "ResourceType": ibis.coalesce(
                native.resource_id.lower().re_extract(r"/providers/([^/]+/[^/]+)/[^/]+(?:/[^/]+/[^/]+)*/*$", 1)
            ).nullif(""),
            "SkuId": native.meter_id,
            "SkuMeter": native.meter_name,
            "SkuPriceId": ibis.coalesce(native.part_number, native.product_id),
            "Tags": ibis.cases(
                (native.tags.isnull() | native.tags.startswith("{"), native.tags),
                else_=ibis.literal("{") + native.tags + "}",
            ),
        }

    @property
    def extras(self) -> dict[str, Column]:
        """What FOCUS lacks, under the names of Azure's own FOCUS exports where they have it."""
        native = self.native
        return {
            "x_AccountName": native.account_owner,
            "x_ChargeType": native.charge_type,
            "x_CostAllocationRuleName": native.rule,
            "x_CostCenter": native.cost_center,
            "x_InvoiceSectionId": native.invoice_section_id,
            "x_InvoiceSectionName": native.invoice_section,
            "x_PricingBlockSize": native.block,
            "x_PricingUnitDescription": native.measure,
            "x_ResourceGroupName": native.resource_group.lower(),
            "x_SkuDetails": native.details,
            "x_SkuMeterCategory": native.meter_category,
            "x_SkuMeterSubcategory": native.meter_subcategory,
            "x_SkuOfferId": native.offer,
            "x_SkuOrderId": native.order_id,
            "x_SkuOrderName": native.order_name,
            "x_SkuPlanName": native.plan,
            "x_SkuRegion": native.meter_region,
            "x_SkuServiceFamily": native.family,
            "x_SkuTerm": native.term,
        }


def _squeezed(column: Column) -> Column:
    """Words without case, blanks and hyphens."""
    return column.lower().replace(" ", "").replace("-", "")


def _path(identifier: Column, folder: str | Column) -> Column:
    """The identifier as a resource id; one that is a resource id already stays."""
    return ibis.cases((identifier.startswith("/"), identifier), else_=ibis.literal("") + folder + identifier)


def _said(cell: Column) -> Column:
    """A cell without the blanks around it; null when it is empty."""
    return cell.strip().nullif("")
