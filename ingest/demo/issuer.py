"""A provider as it writes its bills: who it is, whom it bills, and every kind of FOCUS row it makes.

Each function returns one row that keeps FOCUS's rules: ListCost is ListUnitPrice x PricingQuantity, a commitment is
billed when bought and effective when used or left unused, and a credit is the same amount in all four costs.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from ingest.demo.offer import Resource
from ingest.demo.row import COSTS, Row
from ingest.demo.when import Month, When

_ZERO = Decimal(0)
_PRICE_DIGITS = Decimal("0.000000001")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Issuer:
    """A provider and the billing account it bills in `currency`; `contracted` is its share of the list price."""

    provider: str
    company: str
    account_id: str
    account_name: str
    account_type: str
    currency: str
    contracted: Decimal
    invoice_prefix: str

    def bill_columns(self, month: Month) -> Row:
        """What every row of a month's bill says. A running month has no invoice yet."""
        invoice = f"{self.invoice_prefix}-{month.period.label}" if month.is_closed else None
        return {
            "ProviderName": self.provider,
            "ServiceProviderName": self.provider,
            "HostProviderName": self.provider,
            "PublisherName": self.provider,
            "InvoiceIssuerName": self.company,
            "BillingAccountId": self.account_id,
            "BillingAccountName": self.account_name,
            "BillingAccountType": self.account_type,
            "BillingCurrency": self.currency,
            "BillingPeriodStart": month.period.start,
            "BillingPeriodEnd": month.period.end,
            "InvoiceId": invoice,
            "x_InvoiceId": invoice,
            "PricingCurrency": self.currency,
        }

    def usage(self, resource: Resource, when: When, quantity: Decimal, *, spot_factor: Decimal | None = None) -> Row:
        """A day's use of a resource at the contracted price or, on spot, at the day's share of the list price."""
        factor = self.contracted if spot_factor is None else spot_factor
        price = (resource.offer.list_unit_price * factor).quantize(_PRICE_DIGITS)
        cost = price * quantity
        return {
            **_priced(resource, quantity, price),
            **_over(when.day, when.day + timedelta(days=1)),
            "ConsumedQuantity": quantity * resource.offer.consumed_per_unit,
            "ConsumedUnit": resource.offer.consumed_unit or resource.offer.unit,
            "ChargeCategory": "Usage",
            "ChargeFrequency": "Usage-Based",
            "ChargeDescription": resource.offer.meter,
            "PricingCategory": "Standard" if spot_factor is None else "Dynamic",
            "BilledCost": cost,
            "EffectiveCost": cost,
        }

    def fee(self, resource: Resource, month: Month) -> Row:
        """A month of a subscription, such as a support plan. It covers no other charge, so it has an effective cost."""
        price = resource.offer.list_unit_price
        return {
            **_priced(resource, Decimal(1), price),
            **_over(month.period.start, month.period.end),
            "ChargeCategory": "Purchase",
            "ChargeFrequency": "Recurring",
            "ChargeDescription": resource.offer.meter,
            "PricingCategory": "Standard",
            "BilledCost": price,
            "EffectiveCost": price,
        }

    def credit(self, month: Month, amount: Decimal, *, description: str) -> Row:
        """Money given back on a month's invoice: the same negative amount in all four costs."""
        return {
            **_over(month.period.start, month.end_so_far),
            **dict.fromkeys(COSTS, -amount),
            "ChargeCategory": "Credit",
            "ChargeFrequency": "One-Time",
            "ChargeDescription": description,
            "ServiceName": "Credits",
            "ServiceCategory": "Other",
            "ServiceSubcategory": "Other (Other)",
        }

    def tax(self, month: Month, taxed: list[Row], *, rate: Decimal, description: str) -> Row:
        """The tax on some of a month's rows, worked out from each of their costs and rounded to the cent."""
        return {
            **_over(month.period.start, month.end_so_far),
            **{cost: (rate * _total(taxed, cost)).quantize(_CENT) for cost in COSTS},
            "ChargeCategory": "Tax",
            "ChargeFrequency": "One-Time",
            "ChargeDescription": description,
            "ServiceName": "Tax",
            "ServiceCategory": "Other",
            "ServiceSubcategory": "Other (Other)",
        }

    def refund(self, charge: Row, share: Decimal, *, description: str) -> Row:
        """A correction that gives back `share` of a charge of an earlier, already invoiced month, on its own day.

        Prices are left null, as FOCUS allows on a correction: what is taken back is money, not a quantity.
        """
        unpriced = dict.fromkeys(
            (
                "ListUnitPrice",
                "ContractedUnitPrice",
                "PricingQuantity",
                "PricingUnit",
                "ConsumedQuantity",
                "ConsumedUnit",
            )
        )
        billed = -_amount(charge, "BilledCost") * share
        return {
            **charge,
            **unpriced,
            **dict.fromkeys(COSTS, billed),
            "ChargeClass": "Correction",
            "ChargeDescription": description,
        }


def _priced(resource: Resource, quantity: Decimal, contracted_unit_price: Decimal) -> Row:
    """A resource's columns with a quantity and what it costs by list and by contract."""
    return {
        **resource.columns,
        "PricingQuantity": quantity,
        "ContractedUnitPrice": contracted_unit_price,
        "ListCost": resource.offer.list_unit_price * quantity,
        "ContractedCost": contracted_unit_price * quantity,
    }


def _over(start: date, end: date) -> Row:
    return {"ChargePeriodStart": start, "ChargePeriodEnd": end}


def _amount(row: Row, column: str) -> Decimal:
    value = row[column]
    assert isinstance(value, Decimal)
    return value


def _total(rows: list[Row], column: str) -> Decimal:
    return sum((_amount(row, column) for row in rows), _ZERO)
