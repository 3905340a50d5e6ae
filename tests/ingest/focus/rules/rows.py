"""A row that keeps every rule of FOCUS 1.2, and bills made of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ibis.backends.duckdb import Backend

from app.settings import Settings
from ingest.bill import Bill, read_bill
from ingest.engine.duckdb import engine
from ingest.files import bill_files
from ingest.finding import Finding
from ingest.focus.kind import KIND
from ingest.focus.rules.report import rule_findings
from ingest.focus.spec import SINCE_1_0, SINCE_1_1, SINCE_1_2
from ingest.kind import Opening
from ingest.pipeline import no_progress
from tests.ingest.bills import Row, write_csv

# An hour of a machine that a commitment covers.
COVERED: Row = {
    "AvailabilityZone": "eu-1a",
    "BilledCost": "0",
    "BillingAccountId": "1000",
    "BillingAccountName": "Acme",
    "BillingAccountType": "Organisation",
    "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-04-01T00:00:00Z",
    "BillingPeriodStart": "2026-03-01T00:00:00Z",
    "CapacityReservationId": "cr-1",
    "CapacityReservationStatus": "Used",
    "ChargeCategory": "Usage",
    "ChargeClass": None,
    "ChargeDescription": "An hour of a machine",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-03-02T01:00:00Z",
    "ChargePeriodStart": "2026-03-02T00:00:00Z",
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountId": "sp-1",
    "CommitmentDiscountName": "Compute for a year",
    "CommitmentDiscountQuantity": "1",
    "CommitmentDiscountStatus": "Used",
    "CommitmentDiscountType": "Savings Plan",
    "CommitmentDiscountUnit": "Hours",
    "ConsumedQuantity": "2",
    "ConsumedUnit": "Hours",
    "ContractedCost": "3",
    "ContractedUnitPrice": "1.5",
    "EffectiveCost": "2.5",
    "InvoiceId": "in-1",
    "InvoiceIssuerName": "Cloud, Inc.",
    "ListCost": "4",
    "ListUnitPrice": "2",
    "PricingCategory": "Committed",
    "PricingCurrency": "USD",
    "PricingCurrencyContractedUnitPrice": "1.5",
    "PricingCurrencyEffectiveCost": "2.5",
    "PricingCurrencyListUnitPrice": "2",
    "PricingQuantity": "2",
    "PricingUnit": "Hours",
    "ProviderName": "Cloud",
    "PublisherName": "Cloud",
    "RegionId": "eu-1",
    "RegionName": "Europe",
    "ResourceId": "i-1",
    "ResourceName": "web",
    "ResourceType": "Machine",
    "ServiceCategory": "Compute",
    "ServiceName": "Machines",
    "ServiceSubcategory": "Virtual Machines",
    "SkuId": "sku-1",
    "SkuMeter": "Runtime",
    "SkuPriceDetails": '{"CoreCount": 4, "InstanceType": "m1", "x_burst": true}',
    "SkuPriceId": "price-1",
    "SubAccountId": "sub-1",
    "SubAccountName": "Search",
    "SubAccountType": "Account",
    "Tags": '{"team": "search", "spot": true}',
}
_UNCOVERED = dict.fromkeys(name for name in COVERED if name.startswith(("CommitmentDiscount", "CapacityReservation")))
ON_DEMAND: Row = {**COVERED, **_UNCOVERED, "PricingCategory": "Standard", "BilledCost": "3", "EffectiveCost": "3"}
_NOTHING_PRICED = (
    *("ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "PricingUnit", "PricingCategory", "SkuId", "SkuMeter"),
    *("SkuPriceId", "SkuPriceDetails", "PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"),
    *("ConsumedQuantity", "ConsumedUnit"),
)
_ONE = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), "-1.00")
TAX: Row = {**ON_DEMAND, **dict.fromkeys(_NOTHING_PRICED), "ChargeCategory": "Tax", "ChargeFrequency": "Recurring"}
CREDIT: Row = {**TAX, **_ONE, "ChargeCategory": "Credit", "ChargeFrequency": "One-Time"}
PURCHASE: Row = {
    **COVERED,
    "ChargeCategory": "Purchase",
    "ChargeFrequency": "Recurring",
    "PricingCategory": "Standard",
    "BilledCost": "3",
    "EffectiveCost": "0",
    "PricingCurrencyEffectiveCost": "0",
    "CommitmentDiscountStatus": None,
    "CapacityReservationId": None,
    "CapacityReservationStatus": None,
    "ConsumedQuantity": None,
    "ConsumedUnit": None,
    "ResourceId": "sp-1",
}
UNUSED: Row = {
    **COVERED,
    "CommitmentDiscountStatus": "Unused",
    "ResourceId": "sp-1",
    "ConsumedQuantity": None,
    "ConsumedUnit": None,
}
COMPLIANT = (COVERED, ON_DEMAND, TAX, CREDIT, PURCHASE, UNUSED)
COLUMNS_OF = {
    "1.0": SINCE_1_0,
    "1.1": (*SINCE_1_0, *SINCE_1_1),
    "1.2": (*SINCE_1_0, *SINCE_1_1, *SINCE_1_2),
}


@contextmanager
def duckdb(folder: Path) -> Iterator[Backend]:
    """A DuckDB that leaves nothing behind."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with engine(Settings(data_dir=folder / "data", threads=2), scratch) as backend:
        yield backend


def read(backend: Backend, folder: Path, *paths: Path) -> Bill:
    """A FOCUS bill, read."""
    opening = Opening(backend, bill_files(paths), folder / "scratch", no_progress, KIND.settings())
    return read_bill(backend, KIND.open(opening))


def judged(folder: Path, *paths: Path) -> tuple[Finding, ...]:
    """What a FOCUS bill breaks."""
    with duckdb(folder) as backend:
        bill = read(backend, folder, *paths)
        return rule_findings(backend, bill.delivery)


def broken_by(folder: Path, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The kind and column of each rule that `rows`, as a CSV file, break."""
    return [(each.rule, each.column) for each in judged(folder, write_csv(folder / "bill.csv", rows))]
