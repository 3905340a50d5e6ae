"""Each vendor's bill of a month beside a gateway's estimate, and the estimates that stand beside no bill."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.gateway_days import billed_name, usages
from app.domain.gateway_facts import GatewayFacts
from app.domain.gateway_variance import Match, ModelVariance, Variance, model_variance, summed
from app.domain.money import EXACT, ZERO


class WhyNot(StrEnum):
    """Why an estimate of a gateway is not compared with a bill."""

    NO_BILL = "no_bill"
    NO_MODELS = "no_models"
    CURRENCY = "currency"
    NO_PROVIDER = "no_provider"


WHY_NOT = {
    WhyNot.NO_BILL: "No bill of this provider is live in the month",
    WhyNot.NO_MODELS: "The provider's bill names no models, as a cloud's does not",
    WhyNot.CURRENCY: "The bill and the estimate are not in one currency",
    WhyNot.NO_PROVIDER: "The gateway does not say who served it, and no single bill names the model",
}


@dataclass(frozen=True)
class NotCompared:
    """An estimate that stands beside no bill; `unit` is its currency."""

    service_provider_name: str | None
    unit: str
    estimate: Decimal
    why: WhyNot


@dataclass(frozen=True)
class VendorVariance:
    """A vendor's bill of a month beside the gateway's estimate, by model."""

    service_provider_name: str
    billing_currency: str
    amounts: Variance
    models: tuple[ModelVariance, ...]


def vendor_variances(facts: GatewayFacts) -> tuple[VendorVariance, ...]:
    """Each vendor that the gateway calls and whose bill can be compared, by name."""
    vendors = {provider: facts.of_vendor(provider) for provider in facts.providers}
    return tuple(
        _vendor(provider, vendor)
        for provider, vendor in vendors.items()
        if vendor.logged_models and _why_not(vendor) is None
    )


def not_compared(facts: GatewayFacts) -> tuple[NotCompared, ...]:
    """The estimates that stand beside no bill, and why."""
    amounts: dict[tuple[str | None, str], Decimal] = {}
    for each in facts.estimated:
        key = (each.service_provider_name, each.unit)
        amounts[key] = EXACT.add(amounts.get(key, ZERO), each.amount)
    rows = (
        NotCompared(provider, unit, amount, why)
        for (provider, unit), amount in amounts.items()
        if (why := WhyNot.NO_PROVIDER if provider is None else _why_not(facts.of_vendor(provider)))
    )
    return tuple(sorted(rows, key=lambda row: (row.service_provider_name or "", row.unit)))


def invoiced(vendor: GatewayFacts) -> Mapping[str, Decimal]:
    """What a vendor bills altogether, by currency; nothing where its bill names no models, as a cloud's."""
    found: dict[str, Decimal] = {}
    if vendor.billed_models <= {None}:
        return found
    for each in vendor.charged:
        found[each.billing_currency] = EXACT.add(found.get(each.billing_currency, ZERO), each.billed_cost)
    return found


def _why_not(vendor: GatewayFacts) -> WhyNot | None:
    if not vendor.charged:
        return WhyNot.NO_BILL
    if vendor.billed_models <= {None}:
        return WhyNot.NO_MODELS
    currencies = {each.billing_currency for each in vendor.charged} | {each.unit for each in vendor.estimated}
    return WhyNot.CURRENCY if len(currencies) > 1 else None


def _vendor(provider: str, vendor: GatewayFacts) -> VendorVariance:
    names = vendor.billed_names()
    logged: dict[str | None, list[str]] = {}
    for model in sorted(model for model in vendor.logged_models if model):
        logged.setdefault(billed_name(model, names), []).append(model)
    models = tuple(
        model_variance(model, tuple(logged.get(model, ())), _match(model, logged, vendor), of_model)
        for model, of_model in sorted(usages(vendor).items(), key=lambda item: (item[0] is None, item[0] or ""))
    )
    currency = vendor.charged[0].billing_currency
    return VendorVariance(provider, currency, summed(each.amounts for each in models), models)


def _match(model: str | None, logged: Mapping[str | None, object], vendor: GatewayFacts) -> Match:
    if model is None:
        return Match.NO_MODEL
    if model not in logged:
        return Match.INVOICE
    return Match.BOTH if model in vendor.billed_models else Match.GATEWAY
