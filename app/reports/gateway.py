"""Gateways beside the bills of the vendors they call: the variance in named lines, and whose the invoice is.

A gateway's spend is an estimate. It is never a cost here: it explains a bill, and shares it.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.gateway import estimated_by_owner, gateway_facts, gateway_periods, gateways
from app.domain.gateway_allocation import AllocatedSpend, Spend, allocated
from app.domain.gateway_days import billed_name
from app.domain.gateway_facts import GatewayFacts, with_providers
from app.domain.gateway_vendors import NotCompared, VendorVariance, invoiced, not_compared, vendor_variances
from app.domain.money import total
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class GatewayVariance:
    """Each vendor's bill of a billing month beside what the gateways estimated, and the estimates without a bill."""

    period: Period
    gateways: tuple[str, ...]
    vendors: tuple[VendorVariance, ...]
    not_compared: tuple[NotCompared, ...]


@dataclass(frozen=True)
class AllocatedInvoice:
    """What a vendor bills in a month, in proportion to the gateways' spend; its lines add up to it.

    Without lines the gateways spent nothing on the vendor, or in several currencies.
    """

    service_provider_name: str
    billing_currency: str
    billed: Decimal
    unit: str | None  # of the spend
    lines: tuple[AllocatedSpend, ...]


@dataclass(frozen=True)
class GatewayAllocation:
    """The invoices of a billing month's vendors by team, API key and model."""

    period: Period
    gateways: tuple[str, ...]
    invoices: tuple[AllocatedInvoice, ...]


def gateway_variance(session: Session, viewer: Viewer, period: Period) -> GatewayVariance:
    """How what vendors bill in `period` differs from what the gateways estimated, and why.

    Empty for a viewer who sees only some teams: it is about whole invoices.
    """
    if not sees_everything(viewer):
        return GatewayVariance(period, (), (), ())
    found = gateways(session)
    facts = with_providers(gateway_facts(session, found, period.start))
    return GatewayVariance(period, found.names, vendor_variances(facts), not_compared(facts))


def gateway_allocation(session: Session, viewer: Viewer, period: Period) -> GatewayAllocation:
    """Whose the vendors' invoices of `period` are: by team, API key and model as the gateways name them.

    Empty for a viewer who sees only some teams.
    """
    if not sees_everything(viewer):
        return GatewayAllocation(period, (), ())
    found = gateways(session)
    told = gateway_facts(session, found, period.start)
    facts = with_providers(replace(told, estimated=estimated_by_owner(session, found, period.start)))
    invoices = [
        _invoice(provider, currency, billed, vendor)
        for provider in facts.providers
        if (vendor := facts.of_vendor(provider)).logged_models
        for currency, billed in invoiced(vendor).items()
    ]
    return GatewayAllocation(period, found.names, tuple(invoices))


def _invoice(provider: str, currency: str, billed: Decimal, vendor: GatewayFacts) -> AllocatedInvoice:
    units = {each.unit for each in vendor.estimated}
    if len(units) != 1:
        return AllocatedInvoice(provider, currency, billed, None, ())
    names = vendor.billed_names()
    spends = (Spend(each.team, each.api_key, billed_name(each.model, names), each.amount) for each in vendor.estimated)
    lines = allocated(billed, spends)
    assert not lines or total(line.amount for line in lines) == billed, f"{provider}'s invoice is not shared in full"
    return AllocatedInvoice(provider, currency, billed, units.pop(), lines)


def gateway_months(session: Session, viewer: Viewer) -> tuple[date, ...]:
    """The billing months in which a gateway has handed over what it logged, newest first; none for some teams."""
    return gateway_periods(session, gateways(session)) if sees_everything(viewer) else ()
