"""What a row of the standard or detailed export becomes: costs to the last digit, and which kind of charge it is."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.files import bill_files
from ingest.gcp.billing_export import KIND
from ingest.gcp.settings import GcpSettings
from ingest.kind import Opening
from ingest.meters import token_meter
from tests.ingest.gcp.exports import ACCOUNT, DETAILED, STANDARD, Row, gcp_row, labels, write_parquet

BILL: list[Row] = []
Focus = Callable[..., list[dict[str, Any]]]


def told(*args: Any, **cells: Any) -> int:
    """Adds a row to the bill that all tests of this module look at, for it takes seconds to map one; which it is."""
    BILL.append(gcp_row(*args, **cells))
    return len(BILL) - 1


def mapped(folder: Path, rows: Sequence[Row], schema: Any = DETAILED, **settings: Any) -> list[dict[str, Any]]:
    """The FOCUS rows of an export's rows, in their order, promotions after what they are given for."""
    file = write_parquet(folder / "export.parquet", rows, schema)
    with engine(Settings(data_dir=folder, threads=2), folder) as backend:
        opening = Opening(backend, bill_files([file]), folder, lambda *_: None, GcpSettings(**settings))
        return sorted(rows_of(KIND.open(opening).focus), key=lambda each: int(each["trueup_position"]))


@pytest.fixture(scope="module")
def focus(tmp_path_factory: pytest.TempPathFactory) -> Focus:
    """The FOCUS rows of some rows of the bill."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in mapped(
        tmp_path_factory.mktemp("bill"), BILL, billing_account_name="Acme", invoice_issuer_name="Google LLC"
    ):
        found.setdefault(row["file_row_number"], []).append(row)
    return lambda *rows: [line for row in rows for line in found[row]]


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


NET = told(10.0, ("SUSTAINED_USAGE_DISCOUNT", -1.5), ("PROMOTION", -2.25), ("DISCOUNT", -0.5))


def test_credits_belong_to_the_price_and_promotions_are_rows_of_their_own(focus: Focus) -> None:
    charge, credit = focus(NET)
    assert charge["BilledCost"] == charge["EffectiveCost"] == 8
    assert charge["ContractedCost"] == "10.0"
    assert (charge["ChargeCategory"], charge["ListCost"]) == ("Usage", "10.0")
    assert (credit["BilledCost"], credit["EffectiveCost"]) == (Decimal("-2.25"), Decimal("-2.25"))
    assert Decimal(credit["ListCost"]) == Decimal(credit["ContractedCost"]) == Decimal("-2.25")
    assert (credit["ChargeCategory"], credit["ChargeDescription"]) == ("Credit", "A PROMOTION")
    assert credit["SubAccountId"] == charge["SubAccountId"] == "acme-search"
    assert (credit["ConsumedQuantity"], credit["ChargeClass"], credit["PricingCategory"]) == (None, None, None)


UNNAMED = told(10.0, credits=[{"name": "unnamed", "amount": -3.0}])


def test_a_credit_without_a_type_still_counts_once(focus: Focus) -> None:
    assert only(focus(UNNAMED))["BilledCost"] == 7


FLOATS = told(0.1, ("DISCOUNT", -0.3)), told(1.1e-7)


def test_a_float_counts_as_its_shortest_decimal(focus: Focus) -> None:
    less, little = focus(*FLOATS)
    assert less["BilledCost"] == Decimal("-0.2")  # and not -0.19999999999999998
    assert little["BilledCost"] == Decimal("0.00000011")


MANY = told(100.0, *[("PROMOTION", -1.0)] * 20)


def test_more_promotions_than_there_are_places_are_added_in_the_last(focus: Focus) -> None:
    rows = focus(MANY)
    assert len(rows) == 16
    assert len({row["trueup_position"] for row in rows}) == 16
    assert sum(row["BilledCost"] for row in rows) == 80
    assert (rows[-1]["BilledCost"], rows[-1]["ChargeDescription"]) == (-6, "A PROMOTION and others")


@pytest.mark.parametrize(
    ("row", "category", "frequency", "list_cost"),
    [
        (told(2.0, cost_type="regular", cost_at_list=None), "Usage", "Usage-Based", None),
        (told(2.0, cost_type="tax", cost_at_list=None), "Tax", "One-Time", 2),  # tax has no list price but its own
        (told(2.0, cost_type="adjustment", cost_at_list=3.0), "Adjustment", "One-Time", 3),
        (told(2.0, cost_type="rounding_error", cost_at_list=None), "Adjustment", "One-Time", 2),
    ],
)
def test_the_type_of_cost_is_the_category(
    focus: Focus, row: int, category: str, frequency: str, list_cost: int | None
) -> None:
    line = only(focus(row))
    assert (line["ChargeCategory"], line["ChargeFrequency"]) == (category, frequency)
    assert (line["ListCost"] and Decimal(line["ListCost"])) == list_cost
    assert (line["ConsumedQuantity"] is None, line["SkuId"] is None) == (category != "Usage", category == "Tax")


LATE = told(month="202607", usage_start_time="2026-06-30 23:00:00", usage_end_time="2026-07-01 00:00:00")


def test_the_invoice_month_and_not_the_usage_is_the_billing_period(focus: Focus) -> None:
    row = only(focus(LATE))
    assert (f"{row['BillingPeriodStart']:%F}", f"{row['BillingPeriodEnd']:%F}") == ("2026-07-01", "2026-08-01")
    assert f"{row['ChargePeriodStart']:%FT%T}" == "2026-06-30T23:00:00"
    assert row["ChargeClass"] is None  # late usage corrects nothing


def adjusted(used: str, month: str = "202606", **info: str) -> int:
    return told(-1.0, month=month, usage_start_time=used, usage_end_time=used, adjustment_info=info)


@pytest.mark.parametrize(
    ("row", "charge_class"),
    [
        (adjusted("2026-05-20 10:00:00", id="a", type="USAGE_CORRECTION", mode="PARTIAL_CORRECTION"), "Correction"),
        (adjusted("2026-05-20 10:00:00", id="a"), "Correction"),
        (adjusted("2026-05-20 10:00:00", id="a", type="GOODWILL", mode="MANUAL_ADJUSTMENT"), None),
        (adjusted("2026-05-20 10:00:00"), None),
        (adjusted("2026-06-02 10:00:00", id="a", type="PRICE_CORRECTION"), None),  # not invoiced before
        (adjusted("2026-06-01 06:59:59", id="a"), "Correction"),  # still May in California
        (adjusted("2026-06-01 07:00:00", id="a"), None),
        (adjusted("2026-01-01 07:59:59", "202601", id="a"), "Correction"),  # an hour later in winter
        (adjusted("2026-01-01 08:00:00", "202601", id="a"), None),
    ],
)
def test_an_adjustment_of_an_invoiced_month_is_a_correction(focus: Focus, row: int, charge_class: str | None) -> None:
    assert only(focus(row))["ChargeClass"] == charge_class


COVERED = told(10.0, ("COMMITTED_USAGE_DISCOUNT", -10.0))
FEE = told(
    6.0,
    sku={"id": "FEE1", "description": "Commitment v1: A3 Core in Americas for 1 Year"},
    subscription__instance_id="sub-1",
)


def test_a_resource_based_commitment_is_a_fee_beside_usage_that_it_covers(focus: Focus) -> None:
    usage, fee = focus(COVERED, FEE)
    assert (usage["BilledCost"], usage["PricingCategory"]) == (0, "Committed")
    assert (usage["CommitmentDiscountId"], usage["CommitmentDiscountStatus"]) == ("id-COMMITTED_USAGE_DISCOUNT", "Used")
    assert usage["CommitmentDiscountCategory"] == fee["CommitmentDiscountCategory"] == "Usage"
    assert (fee["BilledCost"], fee["ChargeCategory"], fee["ChargeFrequency"]) == (6, "Purchase", "Recurring")
    assert (fee["CommitmentDiscountId"], fee["CommitmentDiscountStatus"]) == ("sub-1", None)
    assert (fee["ResourceId"], fee["ConsumedQuantity"]) == ("sub-1", None)


SPEND = {"id": "FEE2", "description": "Commitment - dollar based v1: GCP for 1 year"}
FLEXIBLE = told(8.0, consumption_model={"id": "M1", "description": "Compute Flexible CUD - 1 Year"})
LEFT = told(10.0, ("FEE_UTILIZATION_OFFSET", -8.0), sku=SPEND, subscription__instance_id="sub-2")
WASTED = told(10.0, sku=SPEND, subscription__instance_id="sub-2")  # an hour without any usage


def test_what_usage_leaves_of_a_spend_based_fee_is_unused_commitment(focus: Focus) -> None:
    usage, left, wasted = focus(FLEXIBLE, LEFT, WASTED)
    assert (usage["CommitmentDiscountStatus"], usage["CommitmentDiscountId"]) == ("Used", "M1")
    assert (usage["PricingCategory"], usage["CommitmentDiscountCategory"]) == ("Committed", "Spend")
    for row, cost in ((left, 2), (wasted, 10)):
        assert (row["BilledCost"], row["EffectiveCost"], row["ChargeCategory"]) == (cost, cost, "Usage")
        assert (row["CommitmentDiscountStatus"], row["CommitmentDiscountCategory"]) == ("Unused", "Spend")
        assert row["ResourceId"] == row["CommitmentDiscountId"] == "sub-2"
        assert row["ConsumedQuantity"] is None


DEFAULT = told(consumption_model={"id": "D", "description": "Default"})
SPOT = told(sku__description="Spot Preemptible A3 Instance Core")


def test_usage_without_a_commitment_is_standard_or_spot(focus: Focus) -> None:
    default, spot = focus(DEFAULT, SPOT)
    assert (default["CommitmentDiscountId"], default["PricingCategory"]) == (None, "Standard")
    assert spot["PricingCategory"] == "Dynamic"


LABELLED = told(
    labels=labels(team="search", env="prod"),
    project__labels=labels(team="platform", cost_center="42"),
    tags=[{"key": "team", "value": "org", "inherited": True, "namespace": "1234"}],
    system_labels=[{"key": "compute.googleapis.com/cores", "value": "8"}],
)
PLAIN = told()


def test_the_label_nearest_to_the_resource_counts(focus: Focus) -> None:
    labelled, plain = focus(LABELLED, PLAIN)
    assert json.loads(labelled["Tags"]) == {
        "team": "search",
        "env": "prod",
        "cost_center": "42",
        "1234/team": "org",
        "compute.googleapis.com/cores": "8",
    }
    assert plain["Tags"] is None


ANCESTORS = [
    {"resource_name": "projects/77", "display_name": "Acme Search"},
    {"resource_name": "folders/2", "display_name": "Online"},
    {"resource_name": "folders/1", "display_name": "Research"},
    {"resource_name": "organizations/9", "display_name": "acme.com"},
]
UPWARDS, DOWNWARDS = told(project__ancestors=ANCESTORS), told(project__ancestors=ANCESTORS[::-1])
OLD = told(project__ancestry_numbers="/9/1/")


def test_folders_are_a_path_from_the_organisation_down(focus: Focus) -> None:
    for row in focus(UPWARDS, DOWNWARDS):
        assert row["x_Folders"] == "acme.com/Research/Online"
        assert row["x_ProjectAncestry"] == "organizations/9/folders/1/folders/2"
    old = only(focus(OLD))
    assert (old["x_Folders"], old["x_ProjectAncestry"]) == (None, "/9/1/")


def reserved(resource: str | None, **said: str) -> int:
    names = {"reservation_name": "h100s", **said}
    system = [{"key": f"compute.googleapis.com/{key}", "value": value} for key, value in names.items()]
    return told(system_labels=system, resource={"name": "r", "global_name": resource})


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (reserved("//compute.googleapis.com/projects/7/zones/z/instances/1"), "Used"),
        (reserved("//compute.googleapis.com/projects/7/zones/z/reservations/1"), "Unused"),
        (reserved(None, is_unused_reservation="true"), "Unused"),
        (reserved(None), None),
    ],
)
def test_reserved_gpus_are_used_or_not(focus: Focus, row: int, status: str | None) -> None:
    line = only(focus(row))
    assert (line["CapacityReservationId"], line["CapacityReservationStatus"]) == ("h100s", status)


SOLD = told(transaction_type="THIRD_PARTY_RESELLER", seller_name="Weights Ltd", service__description="Weights Platform")


def test_a_marketplace_product_has_its_seller_as_publisher(focus: Focus) -> None:
    own, other = focus(PLAIN, SOLD)
    assert (own["PublisherName"], other["PublisherName"]) == ("Google Cloud", "Weights Ltd")
    assert own["ProviderName"] == other["ProviderName"] == "Google Cloud"
    assert (other["ServiceCategory"], other["ServiceSubcategory"]) == ("Other", "Other (Other)")


PRICED = told(price={"effective_price": "1.5", "list_price": "2"})


def test_dimensions_are_where_focus_has_them(focus: Focus) -> None:
    row = only(focus(PRICED))
    expected = {
        "BillingAccountId": ACCOUNT,
        "BillingAccountName": "Acme",
        "InvoiceIssuerName": "Google LLC",
        "SubAccountName": "Acme Search",
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Virtual Machines",
        "RegionName": "Iowa",
        "AvailabilityZone": "us-central1-a",
        "ResourceId": "//compute.googleapis.com/projects/77/zones/z/instances/1",
        "ResourceName": "vm-1",
        "ResourceType": "instances",
        "SkuId": "AAAA-0001",
        "ConsumedQuantity": "3600.0",
        "PricingUnit": "hour",
        "ListUnitPrice": "2.000000000",
        "ContractedUnitPrice": "1.500000000",
    }
    assert {name: row[name] for name in expected} == expected


GEMINI = told(service__description="Vertex AI", sku__description="Gemini 2.5 Pro Text Input", usage__unit="count")


def test_a_meter_of_vertex_ai_is_one_of_tokens(focus: Focus) -> None:
    row = only(focus(GEMINI))
    assert row["ServiceCategory"] == "AI and Machine Learning"
    meter = token_meter(
        service_provider_name=row["ProviderName"],
        service_name=row["ServiceName"],
        sku_meter=row["SkuMeter"],
        consumed_unit=row["ConsumedUnit"],
    )
    assert meter is not None
    assert (meter.model, meter.token_class) == ("Gemini 2.5 Pro", "input")


def test_the_standard_export_has_no_resources(tmp_path: Path) -> None:
    row = only(mapped(tmp_path, [gcp_row(5.0)], STANDARD))
    assert (row["BilledCost"], row["ResourceId"], row["BillingAccountName"]) == (5, None, ACCOUNT)
