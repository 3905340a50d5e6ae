"""Rows of the FOCUS export, as they are, with the columns filled that the preview leaves out.

Credits are in its costs already (Google's own FOCUS view adds them to BilledCost and EffectiveCost alike), so they are
not added again.
"""

import ibis
from ibis import Column, Table

from ingest.delivery import place
from ingest.focus.spec import COLUMNS
from ingest.gcp.catalog_columns import BILLED_PROJECT, PROJECT_NAME, account_name
from ingest.gcp.commitments import MODEL, TYPE
from ingest.gcp.credits import COMMITMENT, OFFSET
from ingest.gcp.fields import NO, Fields
from ingest.gcp.hierarchy import with_ancestry
from ingest.gcp.layout import canonical
from ingest.gcp.mapping import PROVIDER
from ingest.gcp.services import region_name, service_category, service_subcategory
from ingest.gcp.settings import GcpSettings
from ingest.gcp.tags import with_preview_tags

_CREDITS = ("Id", "Name", "FullName", "Type", "Amount")


def preview_rows(bill: Table, settings: GcpSettings) -> Table:
    """The FOCUS rows of a bill that is FOCUS nearly."""
    rows = with_ancestry(with_preview_tags(bill), focus=True)
    written = {canonical(name): name for name in bill.columns}
    sent = {name: rows[written[canonical(name)]] for name in COLUMNS if canonical(name) in written}
    extras = {name: rows[name] for name in bill.columns if name.startswith("x_") and "." not in name}
    return rows.select(**{**extras, **sent, **_filled(rows, settings)}, **place(rows))


def _filled(rows: Table, settings: GcpSettings) -> dict[str, Column]:
    fields = Fields(rows)
    text = fields.text
    service, category, resource = text("ServiceName"), text("ChargeCategory"), text("ResourceId")
    region = text("RegionId")
    spoken = {
        "BillingAccountName": account_name(fields, text("BillingAccountId"), settings),
        "InvoiceIssuerName": ibis.literal(settings.invoice_issuer_name),
        "ProviderName": ibis.literal(PROVIDER),
        "PublisherName": ibis.literal(PROVIDER),
        "ServiceCategory": service_category(service),
        "ServiceSubcategory": service_subcategory(service),
        "ChargeClass": ibis.null("string"),
        "ChargeFrequency": ibis.cases(
            (category == "Usage", ibis.literal("Usage-Based")),
            (category == "Purchase", ibis.literal("Recurring")),
            else_=ibis.literal("One-Time"),
        ),
        "RegionName": region_name(region),
        "ResourceType": resource.re_extract(r"/([A-Za-z][A-Za-z-]*)/[^/]+$", 1).nullif(""),
        "SkuMeter": ibis.cases((category == "Usage", text("ChargeDescription"))),
        "SubAccountName": text(PROJECT_NAME),
        "SubAccountType": ibis.cases((text("SubAccountId").notnull(), ibis.literal("Project"))),
        "BillingAccountType": ibis.literal("Billing Account"),
        **_commitment(fields),
    }
    filled = {name: ibis.coalesce(text(name), value) for name, value in spoken.items()}
    return {
        **filled,
        "Tags": rows.gcp_tags,
        "x_BillingAccountOfProject": text(BILLED_PROJECT),
        "x_ProjectNumber": text("x_Project.Number"),
        "x_ProjectAncestry": rows.gcp_ancestry,
        "x_Folders": rows.gcp_folders,
    }


def _commitment(fields: Fields) -> dict[str, Column]:
    every = fields.entries("x_Credits", _CREDITS)
    given = every.filter(lambda each: each["Type"].isin(COMMITMENT))[0]
    offset = every.filter(lambda each: each["Type"] == OFFSET).length() > 0
    model = fields.text("x_ConsumptionModelDescription")
    subscription = fields.text("x_SubscriptionInstanceId")
    used = given.notnull() | model.fill_null("").re_search(MODEL)
    usage = (fields.text("ChargeCategory") == "Usage").fill_null(NO)
    used = used & ~offset & usage
    spends = offset | (given["Type"] == COMMITMENT[1]).fill_null(NO) | given.isnull()
    held = used | offset | subscription.notnull()
    return {
        "CommitmentDiscountId": ibis.cases(
            (subscription.notnull(), subscription),
            (offset, fields.text("SkuId")),
            (used, ibis.coalesce(given["Id"].nullif(""), given["Name"], fields.text("x_ConsumptionModelId"), model)),
        ),
        "CommitmentDiscountName": ibis.cases((used, ibis.coalesce(given["FullName"].nullif(""), given["Name"], model))),
        "CommitmentDiscountCategory": ibis.cases(
            (held, ibis.cases((spends, ibis.literal("Spend")), else_=ibis.literal("Usage")))
        ),
        "CommitmentDiscountType": ibis.cases((held, ibis.literal(TYPE))),
        "CommitmentDiscountStatus": ibis.cases((offset & usage, ibis.literal("Unused")), (used, ibis.literal("Used"))),
    }
