"""Pages of Cost Explorer as FOCUS rows: a row for each day, service and linked account.

What Cost Explorer says of no row is null here: list and contracted cost, region, resource, SKU, tags. It groups by two
things only, so credits, refunds and purchases are inside their service's amount and their category is Usage.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import ibis
from ibis import Table

from app.domain.period import next_month
from app.errors import BadInput
from ingest.aws.explorer_pages import DIMENSIONS
from ingest.aws.products import SERVICES
from ingest.delivery import place
from ingest.files import SourceFile

COLUMNS = (
    "start",
    "end",
    "month",
    "next_month",
    "service",
    "service_category",
    "account",
    "account_name",
    "billing_account",
    "unblended_cost",
    "amortized_cost",
    "currency",
    "quantity",
    "unit",
    "estimated",
)
TAX = "Tax"  # what Cost Explorer calls the service of tax
_NO_UNIT = "N/A"  # of a quantity that adds up different things
# Cost Explorer splits EC2 in two, and calls the others as a bill does.
_CATEGORIES = {each.name: each.category for each in SERVICES.values()} | {
    "Amazon Elastic Compute Cloud - Compute": "Compute",
    "EC2 - Other": "Compute",
}
Row = dict[str, str | None]


def read_page(file: SourceFile) -> dict[str, Any]:
    """A page with every number as it is written. Raises BadInput when the file is none of ours."""
    try:
        page = json.loads(file.path.read_bytes(), parse_float=str, parse_int=str)
        grouped = tuple(each["Key"] for each in page.get("GroupDefinitions", ()))
        days = page["ResultsByTime"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{file.name} is no answer of GetCostAndUsage ({type(error).__name__}: {error}). Hand over the"
            " answers alone."
        ) from error
    if sorted(grouped) != sorted(DIMENSIONS) and any(day.get("Groups") for day in days):
        raise BadInput(
            f"{file.name} is grouped by {' and '.join(grouped) or 'nothing'}. Ask Cost Explorer for"
            f" {' and '.join(DIMENSIONS)}."
        )
    found: dict[str, Any] = page
    return found


def account_names(pages: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The names of linked accounts, by their numbers, as far as the pages tell."""
    return {
        each["Value"]: each["Attributes"]["description"]
        for page in pages
        for each in page.get("DimensionValueAttributes", ())
        if each.get("Attributes", {}).get("description")
    }


def page_rows(page: dict[str, Any], name: str, names: dict[str, str], billing_account: str) -> Iterator[Row]:
    """The groups of each day of the page called `name`. Raises BadInput naming the day when a group is broken."""
    grouped = [each["Key"] for each in page.get("GroupDefinitions", ())]
    for day in page["ResultsByTime"]:
        try:
            start, end = day["TimePeriod"]["Start"], day["TimePeriod"]["End"]
            month = date.fromisoformat(start[:10]).replace(day=1)
            for group in day.get("Groups", ()):
                keys = dict(zip(grouped, group["Keys"], strict=True))
                account = keys["LINKED_ACCOUNT"]
                yield {
                    "start": start,
                    "end": end,
                    "month": str(month),
                    "next_month": str(next_month(month)),
                    "service": keys["SERVICE"],
                    "service_category": _CATEGORIES.get(keys["SERVICE"], "Other"),
                    "account": account,
                    "account_name": names.get(account),
                    "billing_account": billing_account,
                    "estimated": str(bool(day.get("Estimated"))).lower(),
                    **_amounts(group["Metrics"]),
                }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            where = f"{name}, {day.get('TimePeriod') if isinstance(day, dict) else day}"
            raise BadInput(
                f"{where}: {type(error).__name__} {error} is wrong or missing. Fetch this page again."
            ) from error


def focus_rows(bill: Table) -> Table:
    """The rows under FOCUS names."""
    midnight = ibis.literal("T00:00:00Z")
    has_unit = bill.unit != _NO_UNIT
    return bill.select(
        BilledCost=bill.unblended_cost,
        EffectiveCost=bill.amortized_cost,
        ListCost=ibis.null("string"),
        ContractedCost=ibis.null("string"),
        BillingAccountId=bill.billing_account,
        BillingAccountName=ibis.null("string"),
        BillingCurrency=bill.currency,
        BillingPeriodStart=bill.month + midnight,
        BillingPeriodEnd=bill.next_month + midnight,
        ChargePeriodStart=bill.start.substr(0, 10) + midnight,
        ChargePeriodEnd=bill.end.substr(0, 10) + midnight,
        ChargeCategory=ibis.cases((bill.service == TAX, TAX), else_="Usage"),
        ChargeClass=ibis.null("string"),
        ChargeDescription=ibis.literal("A day's cost as Cost Explorer has it"),
        ChargeFrequency=ibis.literal("Usage-Based"),
        ConsumedQuantity=ibis.cases((has_unit, bill.quantity)),
        ConsumedUnit=ibis.cases((has_unit, bill.unit)),
        InvoiceIssuerName=ibis.literal("Amazon Web Services, Inc."),
        PricingQuantity=ibis.null("string"),
        PricingUnit=ibis.null("string"),
        ProviderName=ibis.literal("AWS"),
        PublisherName=ibis.literal("AWS"),
        ServiceCategory=bill.service_category,
        ServiceName=bill.service,
        SubAccountId=bill.account,
        SubAccountName=bill.account_name,
        x_Estimated=bill.estimated,
        **place(bill),
    )


def _amounts(metrics: dict[str, dict[str, str]]) -> Row:
    unblended, amortized, usage = metrics["UnblendedCost"], metrics["AmortizedCost"], metrics.get("UsageQuantity", {})
    if unblended["Unit"] != amortized["Unit"]:
        raise ValueError(f"AmortizedCost in {amortized['Unit']} beside UnblendedCost in {unblended['Unit']}")
    return {
        "unblended_cost": unblended["Amount"],
        "amortized_cost": amortized["Amount"],
        "currency": unblended["Unit"],
        "quantity": usage.get("Amount"),
        "unit": usage.get("Unit", _NO_UNIT),
    }
