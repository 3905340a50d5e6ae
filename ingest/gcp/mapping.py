"""Rows of the standard and detailed export as FOCUS rows.

BilledCost = EffectiveCost = cost + Σ credits, without promotions; each promotion is a row of its own. So
Σ BilledCost = Σ cost + Σ credits, which is the invoice of an invoice month, taxes and adjustments included.
"""

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.delivery import place
from ingest.engine.duckdb import POSITION
from ingest.focus.lines import UNREADABLE
from ingest.gcp.catalog_columns import BILLED_PROJECT, LIST_COST, LIST_UNIT_PRICE, PROJECT_NAME, account_name
from ingest.gcp.commitments import columns, with_commitments
from ingest.gcp.credits import MOST_PROMOTIONS, Facts, facts, promotion, with_credits
from ingest.gcp.fields import Fields
from ingest.gcp.hierarchy import with_ancestry
from ingest.gcp.services import region_name, service_category, service_subcategory
from ingest.gcp.settings import GcpSettings
from ingest.gcp.tags import entry, with_tags

PROVIDER = "Google Cloud"
# Adjustments that are given for other reasons than that an invoice was wrong.
_NO_CORRECTION = ("GOODWILL", "SALES_BASED_GOODWILL", "SLA_VIOLATION", "BALANCE_TRANSFER", "ACCOUNT_CLOSURE")
_SPOT = r"(?i)\b(spot|preemptible)\b"


def focus_rows(bill: Table, settings: GcpSettings) -> Table:
    """The FOCUS rows of a bill: one for each of its own, and one for each promotion."""
    known = facts(bill)
    rows = with_commitments(with_credits(with_ancestry(with_tags(bill)), known), known)
    if not known.promotions:
        return rows.select(**_told(rows, settings), **_charge(rows), **place(rows))
    places = ibis.least(rows.gcp_granted.length(), MOST_PROMOTIONS)
    rows = rows.mutate(gcp_part=ibis.range(0, places + 1).unnest())
    granted = _promotion(rows, known)
    own = {
        name: ibis.cases((rows.gcp_part == 0, value), else_=granted.get(name, ibis.null(value.type())))
        for name, value in _charge(rows).items()
    }
    where = {**place(rows), POSITION: rows[POSITION] + rows.gcp_part}
    return rows.select(**_told(rows, settings), **own, **where)


def _told(rows: Table, settings: GcpSettings) -> dict[str, Column]:
    """What a row and its promotions have in common."""
    fields = Fields(rows)
    text = fields.text
    month = _invoice_month(fields)
    service, region = text("service.description"), text("location.region")
    reservation = entry(rows.gcp_system, "compute.googleapis.com/reservation_name")
    return {
        "BillingAccountId": text("billing_account_id"),
        "BillingAccountName": account_name(fields, text("billing_account_id"), settings),
        "BillingAccountType": ibis.literal("Billing Account"),
        "BillingCurrency": text("currency"),
        "BillingPeriodStart": month,
        "BillingPeriodEnd": month + ibis.interval(months=1),
        "ChargePeriodStart": fields.value("usage_start_time"),
        "ChargePeriodEnd": fields.value("usage_end_time"),
        "InvoiceIssuerName": ibis.literal(settings.invoice_issuer_name),
        "ProviderName": ibis.literal(PROVIDER),
        "PublisherName": _publisher(fields),
        "SubAccountId": text("project.id"),
        "SubAccountName": ibis.coalesce(text("project.name"), text(PROJECT_NAME)),
        "SubAccountType": ibis.cases((text("project.id").notnull(), ibis.literal("Project"))),
        "ServiceName": service,
        "ServiceCategory": service_category(service),
        "ServiceSubcategory": service_subcategory(service),
        "RegionId": region,
        "RegionName": region_name(region),
        "AvailabilityZone": text("location.zone"),
        "ResourceName": text("resource.name"),
        "ResourceType": _resource_type(text("resource.global_name")),
        "SkuId": ibis.cases((~_is_tax(fields), text("sku.id"))),
        "SkuMeter": ibis.cases((~_is_tax(fields), text("sku.description"))),
        "Tags": rows.gcp_tags,
        "CapacityReservationId": reservation,
        "x_InvoiceMonth": text("invoice.month"),
        "x_CostType": text("cost_type"),
        "x_Location": text("location.location"),
        "x_ServiceId": text("service.id"),
        "x_ProjectNumber": text("project.number"),
        "x_BillingAccountOfProject": text(BILLED_PROJECT),
        "x_ConsumptionModel": text("consumption_model.description"),
        "x_SellerName": text("seller_name"),
        "x_AdjustmentId": text("adjustment_info.id"),
        "x_AdjustmentType": text("adjustment_info.type"),
        "x_AdjustmentMode": text("adjustment_info.mode"),
        "x_ExportTime": text("export_time"),
        "x_ProjectAncestry": rows.gcp_ancestry,
        "x_Folders": rows.gcp_folders,
    }


def _charge(rows: Table) -> dict[str, Column]:
    """What is only a row's own: its costs, quantities, prices and what kind of charge it is."""
    fields = Fields(rows)
    text, paid, unused, cost = fields.text, rows.gcp_fee, rows.gcp_unused, fields.text("cost")
    regular = text("cost_type").fill_null("regular").lower() == "regular"
    held = columns(rows)
    usage, tax = regular & ~paid, _is_tax(fields)
    return {
        "BilledCost": rows.gcp_net,
        "EffectiveCost": rows.gcp_net,
        "ContractedCost": cost,
        "ListCost": ibis.coalesce(text("cost_at_list"), text(LIST_COST), ibis.cases((~regular, cost))),
        "ChargeCategory": ibis.cases(
            (tax, ibis.literal("Tax")),
            (~regular, ibis.literal("Adjustment")),
            (paid & ~unused, ibis.literal("Purchase")),
            else_=ibis.literal("Usage"),
        ),
        "ChargeClass": ibis.cases((_corrects(fields), ibis.literal("Correction"))),
        "ChargeDescription": ibis.coalesce(text("adjustment_info.description"), text("sku.description")),
        "ChargeFrequency": ibis.cases(
            (paid, ibis.literal("Recurring")), (regular, ibis.literal("Usage-Based")), else_=ibis.literal("One-Time")
        ),
        "ConsumedQuantity": ibis.cases((usage, text("usage.amount"))),
        "ConsumedUnit": ibis.cases((usage, text("usage.unit"))),
        "PricingQuantity": ibis.cases((~tax, text("usage.amount_in_pricing_units"))),
        "PricingUnit": ibis.cases((~tax, text("usage.pricing_unit"))),
        "PricingCategory": ibis.cases(
            (usage & rows.gcp_covered, ibis.literal("Committed")),
            (unused & regular, ibis.literal("Committed")),
            (usage & text("sku.description").fill_null("").re_search(_SPOT), ibis.literal("Dynamic")),
            (regular, ibis.literal("Standard")),
        ),
        "ListUnitPrice": ibis.coalesce(text("price.list_price"), text(LIST_UNIT_PRICE)),
        "ContractedUnitPrice": text("price.effective_price"),
        "ResourceId": ibis.coalesce(
            ibis.cases((paid, held["CommitmentDiscountId"])), text("resource.global_name"), text("resource.name")
        ),
        "CapacityReservationStatus": ibis.cases((usage, _reserved(rows))),
        **held,
        "x_PromotionId": ibis.null("string"),
        UNREADABLE: rows.gcp_broken,
    }


def _promotion(rows: Table, known: Facts) -> dict[str, Column]:
    """The own of a promotion's row: all four costs are its amount, and there is nothing but a description beside."""
    fields, given, amount = Fields(rows), rows.gcp_granted[rows.gcp_part - 1], promotion(rows, known)
    written = given["amount"] if known.promotions < MOST_PROMOTIONS else amount.cast("string")
    name = ibis.coalesce(given["full_name"].nullif(""), given["name"].nullif(""), given["id"])
    return {
        "BilledCost": amount,
        "EffectiveCost": amount,
        "ContractedCost": written,
        "ListCost": written,
        "ChargeCategory": ibis.literal("Credit"),
        "ChargeDescription": ibis.cases((rows.gcp_part == MOST_PROMOTIONS, name + " and others"), else_=name),
        "ChargeFrequency": ibis.literal("One-Time"),
        "ResourceId": ibis.coalesce(fields.text("resource.global_name"), fields.text("resource.name")),
        "x_PromotionId": given["id"],
        UNREADABLE: rows.gcp_broken,
    }


def _invoice_month(fields: Fields) -> Column:
    """The first instant of the billing period; null where there is no month."""
    month = fields.text("invoice.month")
    first = month.re_replace(r"^(\d{4})(\d{2})$", r"\1-\2-01")
    return ibis.cases((month.re_search(r"^\d{6}$"), first.try_cast("timestamp")))


def _corrects(fields: Fields) -> Column:
    """Whether a row is an adjustment to usage of a month before the invoice's, which has been invoiced therefore.

    Google bills by the month in Pacific Time: 08:00 UTC, and 07:00 for the months that begin in summer time.
    """
    adjusted = ibis.or_(*(fields.text(f"adjustment_info.{name}").notnull() for name in ("id", "mode", "type")))
    reason = fields.text("adjustment_info.type").fill_null("")
    month = _invoice_month(fields)
    begins = ibis.cases((month.month().between(4, 11), ibis.interval(hours=7)), else_=ibis.interval(hours=8))
    used = fields.value("usage_start_time")
    if used.type().is_string():
        used = used.re_replace(r"\s*(UTC|Z|\+00:?00)$", "").try_cast("timestamp")
    return adjusted & ~reason.isin(_NO_CORRECTION) & (used.cast(dt.Timestamp()) < month + begins)


def _is_tax(fields: Fields) -> Column:
    return fields.text("cost_type").fill_null("").lower() == "tax"


def _publisher(fields: Fields) -> Column:
    seller = fields.text("seller_name")
    others = ibis.or_(
        fields.text("transaction_type").fill_null("").startswith("THIRD_PARTY"),
        fields.text("invoice.publisher_type").fill_null("") == "PARTNER",
    )
    return ibis.cases((others, ibis.coalesce(seller, fields.text("service.description"))), else_=ibis.literal(PROVIDER))


def _resource_type(global_name: Column) -> Column:
    """`instances` of //compute.googleapis.com/projects/p/zones/z/instances/7."""
    return global_name.re_extract(r"/([A-Za-z][A-Za-z-]*)/[^/]+$", 1).nullif("")


def _reserved(rows: Table) -> Column:
    """Whether capacity that was reserved was used, where the export says so.

    Source: Google Cloud, "Available system labels"; in the detailed export unused capacity names no instance.
    """
    labels, name = rows.gcp_system, Fields(rows).text("resource.global_name")
    unused = entry(labels, "compute.googleapis.com/is_unused_reservation").lower()
    status = ibis.cases(
        (unused == "true", ibis.literal("Unused")),
        (unused == "false", ibis.literal("Used")),
        (name.contains("/instances/"), ibis.literal("Used")),
        (name.notnull(), ibis.literal("Unused")),
    )
    return ibis.cases((entry(labels, "compute.googleapis.com/reservation_name").notnull(), status))
