"""What the demo company buys: the items of the providers' price lists, and the things it buys them for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from ingest.demo.row import Row


@dataclass(frozen=True)
class Service:
    """A service of a provider, in FOCUS's words."""

    name: str
    category: str
    subcategory: str
    resource_type: str


@dataclass(frozen=True)
class Offer:
    """A SKU at its public price for one `unit`."""

    sku_id: str
    service: Service
    meter: str
    unit: str
    list_unit_price: Decimal
    details: Mapping[str, str] = field(default_factory=dict)
    consumed_unit: str = ""
    consumed_per_unit: Decimal = Decimal(1)

    @cached_property
    def columns(self) -> Row:
        """The offer's part of a row, the same on every day."""
        return {
            "ServiceName": self.service.name,
            "ServiceCategory": self.service.category,
            "ServiceSubcategory": self.service.subcategory,
            "SkuId": self.sku_id,
            "SkuPriceId": f"{self.sku_id}.1",
            "SkuMeter": self.meter,
            "SkuPriceDetails": self.details or None,
            "PricingUnit": self.unit,
            "ListUnitPrice": self.list_unit_price,
        }


@dataclass(frozen=True)
class Place:
    """Where a resource runs: a region and, for what sits in one, its availability zone."""

    region_id: str
    region_name: str
    zone: str | None = None


@dataclass(frozen=True)
class Account:
    """A sub account: an AWS account, a GCP project, an Azure subscription, or a model vendor's project or workspace."""

    id: str
    name: str
    type: str


@dataclass(frozen=True)
class Resource:
    """One thing on the bill, with an owner's tags or, where somebody forgot them, without."""

    id: str | None
    name: str | None
    offer: Offer
    account: Account
    place: Place | None = None
    tags: Mapping[str, str] | None = None

    @cached_property
    def columns(self) -> Row:
        """The resource's part of a row, the same on every day."""
        return {
            **self.offer.columns,
            "SubAccountId": self.account.id,
            "SubAccountName": self.account.name,
            "SubAccountType": self.account.type,
            "ResourceId": self.id,
            "ResourceName": self.name,
            "ResourceType": self.offer.service.resource_type if self.id else None,
            "RegionId": self.place.region_id if self.place else None,
            "RegionName": self.place.region_name if self.place else None,
            "AvailabilityZone": self.place.zone if self.place else None,
            "Tags": self.tags,
        }
