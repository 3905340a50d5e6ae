"""Everything the demo company runs with one provider, and the bills that follow from it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from ingest.demo.commitment import Commitment
from ingest.demo.curves import Curve
from ingest.demo.draw import Dice
from ingest.demo.issuer import Issuer
from ingest.demo.offer import Resource
from ingest.demo.row import Row
from ingest.demo.when import Month, When

_ONE = Decimal(1)
# Spot prices move between these shares of the list price from day to day.
_SPOT_LOW, _SPOT_SPAN = Decimal("0.31"), Decimal("0.16")


@dataclass(frozen=True)
class Workload:
    """A resource and how much of it is used a day; `slack` is the largest share by which a day may fall short."""

    resource: Resource
    daily: Curve
    slack: Decimal = Decimal("0.02")
    is_spot: bool = False


@dataclass(frozen=True)
class Credit:
    """Money a provider gives back on the invoice of the month `months_ago`."""

    months_ago: int
    amount: Decimal
    description: str


@dataclass(frozen=True)
class Refund:
    """A share of one resource's on-demand charges of the month `used`, given back on the invoice of `invoiced`."""

    used: int
    invoiced: int
    resource_name: str
    share: Decimal
    description: str


@dataclass(frozen=True)
class Tax:
    """A tax on the services named, or on everything when none is."""

    rate: Decimal
    description: str
    services: frozenset[str] = frozenset()

    def applies_to(self, row: Row) -> bool:
        """Whether a row is taxed."""
        return not self.services or row["ServiceName"] in self.services


@dataclass(frozen=True)
class Bill:
    """A provider's rows for one billing month."""

    month: Month
    rows: list[Row]


@dataclass(frozen=True)
class Estate:
    """A provider's workloads, commitments, monthly fees, credits, refunds and tax."""

    issuer: Issuer
    workloads: tuple[Workload, ...]
    quantum: Decimal
    commitments: tuple[Commitment, ...] = ()
    fees: tuple[Resource, ...] = ()
    credits: tuple[Credit, ...] = ()
    refunds: tuple[Refund, ...] = ()
    tax: Tax | None = None

    def bills(self, months: Iterable[Month], dice: Dice) -> list[Bill]:
        """One bill per month, oldest first."""
        bills: dict[int, list[Row]] = {}
        done = []
        for month in months:
            rows = [row for when in month.days for row in self._day(when, dice)]
            rows += [row for commitment in self.commitments for row in commitment.purchases(month)]
            rows += [self.issuer.fee(fee, month) for fee in self.fees]
            bills[month.months_ago] = rows
            rows += list(self._adjustments(month, bills))
            common = self.issuer.bill_columns(month)
            done.append(Bill(month, [_finished(row, common) for row in rows]))
        return done

    def _day(self, when: When, dice: Dice) -> Iterator[Row]:
        left = {plan: plan.daily_hours for plan in self.commitments if plan.is_active(when.months_ago)}
        for workload in self.workloads:
            quantity = self.metered(workload, when, dice)
            plan = next((plan for plan in left if _covers(plan, workload) and left[plan]), None)
            if plan and quantity:
                hours = min(quantity, left[plan])
                left[plan] -= hours
                quantity -= hours
                yield plan.used(self.issuer.usage(workload.resource, when, hours), hours)
            if quantity:
                yield self.issuer.usage(workload.resource, when, quantity, spot_factor=_spot(workload, when, dice))
        yield from (plan.unused(when, hours) for plan, hours in left.items() if hours)

    def metered(self, workload: Workload, when: When, dice: Dice) -> Decimal:
        """How much of a workload's resource a day has on the bill."""
        planned = workload.daily(when)
        if not planned:
            return planned
        shortfall = workload.slack * dice.fraction(_key(workload), when.day)
        return (planned * (_ONE - shortfall)).quantize(self.quantum, ROUND_DOWN)

    def _adjustments(self, month: Month, bills: dict[int, list[Row]]) -> Iterator[Row]:
        for refund in self.refunds:
            if refund.invoiced == month.months_ago:
                yield from (
                    self.issuer.refund(row, refund.share, description=refund.description)
                    for row in bills[refund.used]
                    if row.get("ResourceName") == refund.resource_name and row["PricingCategory"] == "Standard"
                )
        for credit in self.credits:
            if credit.months_ago == month.months_ago:
                yield self.issuer.credit(month, credit.amount, description=credit.description)
        if self.tax:
            taxed = [row for row in bills[month.months_ago] if self.tax.applies_to(row)]
            yield self.issuer.tax(month, taxed, rate=self.tax.rate, description=self.tax.description)


def _covers(plan: Commitment, workload: Workload) -> bool:
    return plan.covers is workload.resource.offer and not workload.is_spot


def _spot(workload: Workload, when: When, dice: Dice) -> Decimal | None:
    """The day's spot price as a share of list, the same for every node of an offer; None where it is not spot."""
    if not workload.is_spot:
        return None
    draw = dice.fraction(f"spot {workload.resource.offer.sku_id}", when.day)
    return (_SPOT_LOW + _SPOT_SPAN * draw).quantize(Decimal("0.0001"))


def _key(workload: Workload) -> str:
    resource = workload.resource
    return f"{resource.account.id} {resource.id} {resource.offer.sku_id}"


def _finished(row: Row, bill: Row) -> Row:
    """A row with what the whole bill says; the pricing currency is the billing currency here."""
    return {
        **bill,
        **row,
        "PricingCurrencyListUnitPrice": row.get("ListUnitPrice"),
        "PricingCurrencyContractedUnitPrice": row.get("ContractedUnitPrice"),
        "PricingCurrencyEffectiveCost": row["EffectiveCost"],
    }
