"""A commitment: node-hours promised for a year, billed when bought, effective when used or left unused.

One commitment covers one offer at one hourly rate, so what it can cover in a day is a whole number of node-hours and
its effective cost, used plus unused, is the same exact amount every day: the day's share of what was billed for it.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from app.domain.period import Period, months_back
from ingest.demo.offer import Account, Offer, Place
from ingest.demo.row import Row
from ingest.demo.when import Month, When

TERM_MONTHS = 12
_ZERO = Decimal(0)


@dataclass(frozen=True, eq=False)
class Commitment:
    """`nodes` of `covers` at `hourly_rate` for twelve months from the first day of the month `bought` months ago.

    A spend commitment (savings plan, flexible CUD) is counted in money, a usage commitment (reservation) in hours.
    """

    id: str
    name: str
    type: str
    category: str
    covers: Offer
    nodes: int
    hourly_rate: Decimal
    bought: int
    upfront: bool
    account: Account
    place: Place
    currency: str

    @property
    def daily_hours(self) -> Decimal:
        """Node-hours it can cover in a day."""
        return Decimal(self.nodes * 24)

    def is_active(self, months_ago: int) -> bool:
        """Whether its term covers the month that was `months_ago`."""
        return self.bought - TERM_MONTHS < months_ago <= self.bought

    def used(self, usage: Row, hours: Decimal) -> Row:
        """A usage row of an offer it covers, paid from the commitment instead of billed."""
        return {
            **usage,
            **self._columns(hours),
            "PricingCategory": "Committed",
            "CommitmentDiscountStatus": "Used",
            "BilledCost": _ZERO,
            "EffectiveCost": hours * self.hourly_rate,
        }

    def unused(self, when: When, hours: Decimal) -> Row:
        """What nobody used of a day. Nothing was consumed, so list and contracted cost are zero: it is pure waste."""
        return {
            **self._as_resource(),
            **self._columns(hours),
            "ChargePeriodStart": when.day,
            "ChargePeriodEnd": when.day + timedelta(days=1),
            "ChargeCategory": "Usage",
            "ChargeFrequency": "Usage-Based",
            "ChargeDescription": f"Unused commitment of {self.name}",
            "PricingCategory": "Committed",
            "CommitmentDiscountStatus": "Unused",
            "PricingQuantity": _ZERO,
            "ListCost": _ZERO,
            "ContractedCost": _ZERO,
            "BilledCost": _ZERO,
            "EffectiveCost": hours * self.hourly_rate,
        }

    def purchases(self, month: Month) -> list[Row]:
        """What a month's bill charges for it: the whole term once when it is paid upfront, else a fee for each day."""
        if not self.is_active(month.months_ago):
            return []
        start = month.period.start
        if self.upfront:
            term = Period(start, months_back(start, -TERM_MONTHS))
            return [self._purchase(term, "One-Time")] if month.months_ago == self.bought else []
        return [self._purchase(Period(when.day, when.day + timedelta(days=1)), "Recurring") for when in month.days]

    def _purchase(self, span: Period, frequency: str) -> Row:
        hours = self.daily_hours * span.days
        billed = hours * self.hourly_rate
        return {
            **self._as_resource(),
            **self._columns(hours),
            "ChargePeriodStart": span.start,
            "ChargePeriodEnd": span.end,
            "ChargeCategory": "Purchase",
            "ChargeFrequency": frequency,
            "ChargeDescription": f"Purchase of {self.name}",
            "PricingCategory": "Standard",
            "PricingQuantity": hours,
            "ListCost": billed,
            "ContractedCost": billed,
            "BilledCost": billed,
            "EffectiveCost": _ZERO,
        }

    def _columns(self, hours: Decimal) -> Row:
        is_spend = self.category == "Spend"
        return {
            "CommitmentDiscountId": self.id,
            "CommitmentDiscountName": self.name,
            "CommitmentDiscountType": self.type,
            "CommitmentDiscountCategory": self.category,
            "CommitmentDiscountQuantity": hours * self.hourly_rate if is_spend else hours,
            "CommitmentDiscountUnit": self.currency if is_spend else "Hours",
        }

    def _as_resource(self) -> Row:
        """The commitment as the thing that is bought or left unused: nobody tagged it."""
        sku = f"{self.covers.sku_id}:{self.type}"
        return {
            **self.covers.columns,
            "SkuId": sku,
            "SkuPriceId": f"{sku}.1",
            "SkuMeter": self.type,
            "PricingUnit": "Hours",
            "ListUnitPrice": self.hourly_rate,
            "ContractedUnitPrice": self.hourly_rate,
            "SubAccountId": self.account.id,
            "SubAccountName": self.account.name,
            "SubAccountType": self.account.type,
            "ResourceId": self.id,
            "ResourceName": self.name,
            "ResourceType": self.type,
            "RegionId": self.place.region_id,
            "RegionName": self.place.region_name,
        }
