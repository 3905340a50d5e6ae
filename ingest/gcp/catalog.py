"""Google's public price list, and which billing account pays for which project.

Asked with google-cloud-billing: CloudCatalogClient lists services and SKUs, CloudBillingClient accounts and projects.
Both tables are kept as CSV beside the bill that they were pulled for, so that a bill is read the same for ever.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud.billing_v1 import types
from google.cloud.billing_v1.services.cloud_billing import CloudBillingClient
from google.cloud.billing_v1.services.cloud_catalog import CloudCatalogClient

from app.domain.money import plain
from ingest.gcp.refusals import asking

SKUS, PROJECTS = "gcp_skus.csv", "gcp_projects.csv"
SKU_COLUMNS = (
    *("sku_id", "service_id", "service", "description", "resource_family", "usage_type"),
    *("regions", "usage_unit", "usage_unit_description", "currency", "effective_time", "tier_start", "unit_price"),
)
PROJECT_COLUMNS = ("project_id", "billing_account_id", "billing_account_name", "billing_enabled")
PAGE_SIZE = 5000  # the most that ListSkus gives at once
RETRY = Retry(
    predicate=if_exception_type(
        exceptions.ServiceUnavailable,
        exceptions.TooManyRequests,
        exceptions.InternalServerError,
        exceptions.GatewayTimeout,
    ),
    initial=0.5,
    maximum=30,
    timeout=120,
)
_API = "the use of the Cloud Billing API: enable cloudbilling.googleapis.com in the credentials' project"
_NANO = Decimal("1e-9")


@dataclass(frozen=True)
class Tier:
    """A list price from some monthly usage on."""

    start_usage_amount: Decimal  # in usage units, of a billing account and month
    unit_price: Decimal  # per usage unit


@dataclass(frozen=True)
class Sku:
    """Something Google sells, and its list price now."""

    sku_id: str
    service_id: str
    service: str
    description: str
    resource_family: str
    usage_type: str  # OnDemand, Preemptible, Commit1Yr, …
    regions: tuple[str, ...]
    usage_unit: str  # h, GiBy.mo, …
    usage_unit_description: str  # hour, gibibyte month, …
    currency: str
    tiers: tuple[Tier, ...]
    effective_time: datetime | None


@dataclass(frozen=True)
class ProjectLink:
    """A project and the billing account that pays for it now."""

    project_id: str
    billing_account_id: str
    billing_account_name: str
    billing_enabled: bool


def skus(client: CloudCatalogClient, service_id: str, *, currency: str) -> Iterator[Sku]:
    """Every SKU of a service with its list price in `currency`. Raises Unavailable or NotPermitted."""
    with asking(f"Price list of service {service_id}", permission=_API):
        request = types.ListSkusRequest(parent=f"services/{service_id}", currency_code=currency, page_size=PAGE_SIZE)
        for sku in client.list_skus(request=request, retry=RETRY):
            yield _sku(sku, service_id)


def first_service(client: CloudCatalogClient) -> str | None:
    """A service of the price list, to see whether it can be read."""
    with asking("Price list", permission=_API):
        request = types.ListServicesRequest(page_size=1)
        return next((each.display_name for each in client.list_services(request=request, retry=RETRY)), None)


def billing_account_name(client: CloudBillingClient, account_id: str) -> str:
    """What a billing account is called. Raises Unavailable or NotPermitted, naming the role."""
    with asking(f"Billing account {account_id}", permission=_role(account_id)):
        return str(client.get_billing_account(name=f"billingAccounts/{account_id}", retry=RETRY).display_name)


def project_links(client: CloudBillingClient, account_id: str) -> Iterator[ProjectLink]:
    """The projects that a billing account pays for. Raises Unavailable or NotPermitted, naming the role."""
    account_name = billing_account_name(client, account_id)
    with asking(f"Projects of billing account {account_id}", permission=_role(account_id)):
        for link in client.list_project_billing_info(name=f"billingAccounts/{account_id}", retry=RETRY):
            account = link.billing_account_name.removeprefix("billingAccounts/") or account_id
            yield ProjectLink(link.project_id, account, account_name, link.billing_enabled)


def _role(account_id: str) -> str:
    return (
        f"roles/billing.viewer on billing account {account_id} (billing.accounts.get,"
        " billing.resourceAssociations.list)"
    )


def write_skus(found: Iterable[Sku], target: Path) -> Path:
    """The SKUs as a table: one row for each of their tiers."""
    rows = (
        (
            *(sku.sku_id, sku.service_id, sku.service, sku.description, sku.resource_family, sku.usage_type),
            *(" ".join(sku.regions), sku.usage_unit, sku.usage_unit_description, sku.currency),
            sku.effective_time.isoformat() if sku.effective_time else "",
            plain(tier.start_usage_amount),
            plain(tier.unit_price),
        )
        for sku in sorted(found, key=lambda each: (each.service_id, each.sku_id))
        for tier in sku.tiers
    )
    return _write(target, SKU_COLUMNS, rows)


def write_projects(found: Iterable[ProjectLink], target: Path) -> Path:
    """The projects as a table."""
    rows = (
        (each.project_id, each.billing_account_id, each.billing_account_name, str(each.billing_enabled).lower())
        for each in sorted(found, key=lambda each: each.project_id)
    )
    return _write(target, PROJECT_COLUMNS, rows)


def _write(target: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> Path:
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return target


def _sku(sku: types.Sku, service_id: str) -> Sku:
    info = max(sku.pricing_info, key=_effective, default=types.PricingInfo())
    pricing = info.pricing_expression
    tiers = tuple(
        Tier(
            Decimal(repr(rate.start_usage_amount)),
            Decimal(rate.unit_price.units) + Decimal(rate.unit_price.nanos) * _NANO,
        )
        for rate in pricing.tiered_rates
    )
    return Sku(
        sku_id=sku.sku_id,
        service_id=service_id,
        service=sku.category.service_display_name,
        description=sku.description,
        resource_family=sku.category.resource_family,
        usage_type=sku.category.usage_type,
        regions=tuple(sku.service_regions),
        usage_unit=pricing.usage_unit,
        usage_unit_description=pricing.usage_unit_description,
        currency=next((rate.unit_price.currency_code for rate in pricing.tiered_rates), ""),
        tiers=tiers,
        effective_time=info.effective_time,
    )


def _effective(info: types.PricingInfo) -> float:
    """When a price became effective. ListSkus gives the newest, unless it is asked for a time."""
    return float(info.effective_time.timestamp()) if info.effective_time else 0.0
