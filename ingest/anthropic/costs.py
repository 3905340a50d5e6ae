"""Anthropic's daily costs as FOCUS rows, from either API. Amounts are (fractional) cents there and dollars here.

The analytics API states list and discounted amounts; the legacy report only what is charged.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import ibis
from ibis import Column, Table

from app.domain.money import EXACT
from ingest.anthropic.settings import GROUPS
from ingest.delivery import place
from ingest.focus.cells import instant
from ingest.focus.lines import UNREADABLE

_KINDS = ("cost_type", "token_type", "description")
_SAID = (*(name for name in GROUPS if name != "actor"), *_KINDS)
COLUMNS = (
    "starting_at",
    "ending_at",
    "amount",
    "list_amount",
    "currency",
    "amount_usd",  # `amount` in dollars; absent where it cannot be read
    "list_amount_usd",
    "actor_id",
    "actor_email",
    *_SAID,
)
# What becomes an x_ column; the others have a FOCUS name.
_EXTRAS = ("actor_id", "actor_email", *(name for name in _SAID if name not in {"workspace_id", "description"}))
_CENTS = 2  # digits of a dollar's minor unit


def native_rows(entries: list[dict[str, Any]]) -> Iterator[dict[str, str | None]]:
    """The costs in rows (analytics) or buckets (legacy), flat, in their order."""
    for entry in entries:
        if "cost" in entry:
            yield _native_row(entry, entry["cost"], entry.get("group") or {})
        for result in entry.get("results", ()):
            if "amount" in result:
                yield _native_row(entry, result, result)


def has_costs(entry: Mapping[str, Any]) -> bool:
    """Whether a row or bucket is about costs."""
    return "cost" in entry or any("amount" in result for result in entry.get("results", ()))


def _native_row(period: Mapping[str, Any], cost: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, str | None]:
    actor = group.get("actor") or {}
    row = {name: group.get(name) for name in _SAID}
    row |= {"starting_at": period.get("starting_at"), "ending_at": period.get("ending_at")}
    row |= {name: cost.get(name) for name in ("amount", "list_amount", "currency")}
    row |= {"amount_usd": dollars(cost.get("amount")), "list_amount_usd": dollars(cost.get("list_amount"))}
    row |= {"actor_id": actor_id(actor), "actor_email": actor.get("email_address")}
    return {name: None if value is None else str(value) for name, value in row.items()}


def dollars(cents: str | None) -> str | None:
    """Cents as dollars, with every digit; None for what is no number."""
    if cents is None:
        return None
    try:
        return format(EXACT.scaleb(Decimal(cents.strip()), -_CENTS), "f") if Decimal(cents).is_finite() else None
    except ArithmeticError:
        return None


def actor_id(actor: Mapping[str, Any]) -> str | None:
    """The id of who used something: a user, a service account, an API key, or what another cloud calls its caller."""
    names = ("user_id", "service_account_id", "api_key_id", "subject")
    return next((str(actor[name]) for name in names if actor.get(name)), None)


def focus_rows(bill: Table, *, organization_id: str) -> Table:
    """A FOCUS row for each cost."""
    start, end = instant(bill["starting_at"]), instant(bill["ending_at"])
    month = start.truncate("M")
    category = _category(bill)
    usage = category == "Usage"
    meter = _meter(bill)
    discounted = ibis.cases((~usage | bill.list_amount_usd.notnull(), bill.amount_usd))
    anthropic = ibis.literal("Anthropic")
    return bill.select(
        BilledCost=bill.amount_usd,
        EffectiveCost=bill.amount_usd,
        ListCost=ibis.cases((usage, bill.list_amount_usd), else_=bill.amount_usd),
        ContractedCost=discounted,
        BillingCurrency=bill.currency,
        BillingAccountId=ibis.literal(organization_id),
        BillingAccountName=ibis.null("string"),
        BillingPeriodStart=month,
        BillingPeriodEnd=month + ibis.interval(months=1),
        ChargePeriodStart=start,
        ChargePeriodEnd=end,
        ChargeCategory=category,
        ChargeClass=ibis.null("string"),
        ChargeDescription=ibis.coalesce(bill.description, meter),
        ChargeFrequency=ibis.cases((usage, ibis.literal("Usage-Based")), else_=ibis.literal("One-Time")),
        PricingCategory=ibis.cases((usage, ibis.literal("Standard"))),
        PricingQuantity=ibis.null("string"),
        PricingUnit=ibis.null("string"),
        ServiceProviderName=anthropic,
        HostProviderName=anthropic,
        PublisherName=anthropic,
        InvoiceIssuerName=anthropic,
        ServiceCategory=ibis.literal("AI and Machine Learning"),
        ServiceSubcategory=ibis.literal("Generative AI"),
        ServiceName=ibis.literal("Claude"),
        SubAccountId=bill.workspace_id,
        SubAccountType=ibis.cases((bill.workspace_id.notnull(), ibis.literal("Workspace"))),
        SkuId=meter,
        SkuMeter=meter,
        SkuPriceId=_price(bill, meter),
        **{_x(name): bill[name] for name in _EXTRAS},
        **{UNREADABLE: _unreadable(bill)},
        **place(bill),
    )


def _category(bill: Table) -> Column:
    negative = bill.amount.strip().startswith("-")
    said = ibis.coalesce(bill.description, bill.cost_type).lower()
    return ibis.cases((negative & said.contains("credit"), ibis.literal("Credit")), else_=ibis.literal("Usage"))


def _meter(bill: Table) -> Column:
    """What is metered: the model with the class of tokens, or the kind of cost, or what a report says in words."""
    return ibis.coalesce(bill.model + " " + bill.token_type, bill.cost_type, bill.description)


def _price(bill: Table, meter: Column) -> Column:
    """The meter with what else the price depends on."""
    terms = [bill[name] for name in ("service_tier", "context_window", "inference_geo", "speed")]
    said = [ibis.cases((term.notnull(), ibis.literal(" ") + term), else_=ibis.literal("")) for term in terms]
    return ibis.cases((bill.token_type.notnull(), meter + said[0] + said[1] + said[2] + said[3]))


def _unreadable(bill: Table) -> Column:
    """What keeps a row from being booked. Of another currency we do not know how many digits its minor unit has."""
    return ibis.cases(
        (bill.amount.notnull() & bill.amount_usd.isnull(), ibis.literal("amount")),
        (bill.currency.strip().upper() != "USD", ibis.literal("currency")),
    )


def _x(name: str) -> str:
    return "x_" + "".join(part.title() for part in name.split("_"))
