"""OpenAI's daily costs as FOCUS rows: a row for each day, project, line item and API key.

OpenAI says what it charges, and not what list or contracted prices would have come to, so those stay unsaid.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.delivery import place
from ingest.focus.cells import make_timestamp

RESULT = "organization.costs.result"
COLUMNS = (
    "start_time",
    "end_time",
    "amount_value",
    "amount_currency",
    "line_item",
    "project_id",
    "api_key_id",
    "user_id",
    "api_source",
    "quantity",
    "quantity_unit",
)
# CostQuantityUnit of the API, as FOCUS writes units.
_UNITS = {
    "tokens": "Tokens",
    "1000_tokens": "1000 Tokens",
    "duration_seconds": "Seconds",
    "duration_minutes": "Minutes",
    "duration_hours": "Hours",
    "gibibyte_hours": "GiB-Hours",
    "images": "Images",
    "characters": "Characters",
}
_LATEST_SECOND = 1 << 40  # a bucket later than that is no bucket; microseconds of it still fit


def native_row(bucket: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, str | None]:
    """A result of a bucket as text, flat."""
    amount = result.get("amount") or {}
    row = {name: result.get(name) for name in COLUMNS[4:]}
    row |= {"start_time": bucket.get("start_time"), "end_time": bucket.get("end_time")}
    row |= {"amount_value": amount.get("value"), "amount_currency": amount.get("currency")}
    return {name: None if value is None else str(value) for name, value in row.items()}


def native_rows(buckets: list[dict[str, Any]]) -> Iterator[dict[str, str | None]]:
    """The costs in `buckets`, flat, in their order."""
    for bucket in buckets:
        for result in bucket["results"]:
            if result.get("object") == RESULT:
                yield native_row(bucket, result)


def focus_rows(bill: Table, *, organization_id: str) -> Table:
    """A FOCUS row for each cost."""
    start, end = _instant(bill.start_time), _instant(bill.end_time)
    month = start.truncate("M")
    category = _category(bill)
    price = ibis.cases((category == "Credit", bill.amount_value))  # FOCUS: all four costs of a credit are the same
    openai = ibis.literal("OpenAI")
    return bill.select(
        BilledCost=bill.amount_value,
        EffectiveCost=bill.amount_value,
        ListCost=price,
        ContractedCost=price,
        BillingCurrency=bill.amount_currency,
        BillingAccountId=ibis.literal(organization_id),
        BillingAccountName=ibis.null("string"),
        BillingPeriodStart=month,
        BillingPeriodEnd=month + ibis.interval(months=1),
        ChargePeriodStart=start,
        ChargePeriodEnd=end,
        ChargeCategory=category,
        ChargeClass=ibis.null("string"),
        ChargeDescription=bill.line_item,
        ChargeFrequency=ibis.cases((category == "Usage", ibis.literal("Usage-Based")), else_=ibis.literal("One-Time")),
        ConsumedQuantity=bill.quantity,
        ConsumedUnit=_unit(bill),
        PricingCategory=ibis.cases((category == "Usage", ibis.literal("Standard"))),
        PricingQuantity=ibis.null("string"),
        PricingUnit=ibis.null("string"),
        ServiceProviderName=openai,
        HostProviderName=openai,
        PublisherName=openai,
        InvoiceIssuerName=openai,
        ServiceCategory=ibis.literal("AI and Machine Learning"),
        ServiceSubcategory=ibis.literal("Generative AI"),
        ServiceName=ibis.literal("OpenAI API"),
        SubAccountId=bill.project_id,
        SubAccountType=ibis.cases((bill.project_id.notnull(), ibis.literal("Project"))),
        SkuId=bill.line_item,
        SkuMeter=bill.line_item,
        x_ApiKeyId=bill.api_key_id,
        x_Model=_model(bill.line_item),
        x_UserId=bill.user_id,
        x_ApiSource=bill.api_source,
        **place(bill),
    )


def _instant(seconds: Column) -> Column:
    """Unix seconds, written as text, as an instant; null where they mean none."""
    number = seconds.try_cast("int64")
    return ibis.cases((number.between(0, _LATEST_SECOND), make_timestamp(number * 1_000_000)), else_=_no_instant)


_no_instant = ibis.null(dt.Timestamp())


def _category(bill: Table) -> Column:
    negative = bill.amount_value.strip().startswith("-")
    item = bill.line_item.lower()
    return ibis.cases(
        (negative & item.contains("credit"), ibis.literal("Credit")),
        (negative & item.re_search("refund|adjustment"), ibis.literal("Adjustment")),
        else_=ibis.literal("Usage"),
    )


def _model(line_item: Column) -> Column:
    """The model of a line item such as "gpt-4o, cached input"; "assistants api | file search" is about none."""
    found = line_item.re_extract(r"^([^,|]+), [^,|]+$", 1)
    return ibis.cases((found != "", found))


def _unit(bill: Table) -> Column:
    """The unit that OpenAI states or, where it does not yet, the one that a line item of a token class has."""
    stated = ibis.cases(*((bill.quantity_unit == unit, ibis.literal(name)) for unit, name in _UNITS.items()))
    of_tokens = bill.line_item.lower().re_search(r", (cached )?(input|output)(_tokens)?$")
    return ibis.cases(
        (bill.quantity.isnull(), ibis.null("string")),
        (bill.quantity_unit.notnull(), ibis.coalesce(stated, bill.quantity_unit)),
        (of_tokens, ibis.literal("Tokens")),
    )
