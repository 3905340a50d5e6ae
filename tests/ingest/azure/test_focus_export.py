"""What Azure's FOCUS exports do to FOCUS."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput
from ingest.azure.export import KIND
from tests.ingest.azure.exports import write_run
from tests.ingest.azure.openings import Seen, seen
from tests.ingest.bills import Row, focus_row, without

pytestmark = pytest.mark.slow


def opened(folder: Path, *rows: Row) -> Seen:
    write_run(folder, list(rows))
    return seen(KIND, folder)


def preview_row(cost: str = "1", **cells: Any) -> Row:
    """A row of FOCUS 1.0-preview."""
    row = without(focus_row(cost), "ContractedCost", "ChargeClass")
    preview = {"UsageQuantity": "2", "UsageUnit": "Hours", "x_OnDemandCost": "3", "x_OnDemandUnitPrice": "1.5"}
    preview |= {"Region": "East US", "ChargeSubcategory": "On-Demand", "PricingCategory": "On-Demand"}
    preview |= {"CommitmentDiscountId": "", "ConsumedCost": "x"}
    return {**row, **preview, **cells}


@pytest.mark.parametrize(
    ("version", "columns"),
    [
        ("FOCUS 1.0", {}),
        ("FOCUS 1.1", {"SkuMeter": "D2"}),
        ("FOCUS 1.2", {"InvoiceId": "INV-1", "BillingAccountType": "Billing Profile", "x_BilledCostInUsd": "1"}),
    ],
)
def test_each_version_is_recognised_with_its_x_columns(tmp_path: Path, version: str, columns: Row) -> None:
    found = opened(tmp_path, focus_row("1", x_SkuMeterCategory="Virtual Machines", **columns))
    assert (found.version, found.total("billed_cost")) == (version, 1)


def test_instants_without_seconds_are_read(tmp_path: Path) -> None:
    short = {"ChargePeriodStart": "2026-03-02T00:00", "ChargePeriodEnd": "2026-03-03T00:00Z"}
    found = opened(tmp_path, focus_row("1", **short), focus_row("2"))
    assert [(each["problem"], each["charge_day"]) for each in found.lines] == [(None, date(2026, 3, 2))] * 2
    assert found.total("billed_cost") == 3


def test_the_preview_is_mapped_to_what_became_of_it(tmp_path: Path) -> None:
    found = opened(
        tmp_path,
        preview_row(),
        preview_row(
            "4", ChargeSubcategory="Unused Commitment", CommitmentDiscountId="c", PricingCategory="Commitment-Based"
        ),
        preview_row(
            "5", ChargeSubcategory="Used Commitment", CommitmentDiscountId="c", PricingCategory="Commitment-Based"
        ),
        preview_row("-6", ChargeSubcategory="Refund", ChargeCategory="Purchase"),
    )
    assert (found.version, found.total("billed_cost")) == ("FOCUS 1.0-preview", 4)
    assert found.column("CommitmentDiscountStatus") == [None, "Unused", "Used", None]
    assert found.column("ChargeClass") == [None, None, None, "Correction"]
    assert found.column("PricingCategory") == ["Standard", "Committed", "Committed", "Standard"]
    first = found.rows[0]
    assert (first["ContractedCost"], first["ConsumedQuantity"], first["ConsumedUnit"]) == ("3", "2", "Hours")
    assert (first["RegionId"], first["RegionName"]) == ("eastus", "East US")
    assert found.lines[0]["contracted_cost"] == 3


def test_the_preview_and_a_later_version_do_not_mix(tmp_path: Path) -> None:
    write_run(tmp_path, [preview_row()])
    write_run(tmp_path, [focus_row("1", day="2026-04-02")], month="2026-04")
    with pytest.raises(BadInput, match=r"is FOCUS 1\.0-preview and .* is not"):
        seen(KIND, tmp_path)


def test_a_preview_that_lacks_what_cannot_be_made_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"FOCUS 1\.0-preview needs EffectiveCost"):
        opened(tmp_path, without(preview_row(), "EffectiveCost"))


@pytest.mark.parametrize(("consumed", "tokens"), [("12.5", "12500"), ("12500", "12500")])
def test_tokens_of_azure_openai_become_drivers_whether_counted_singly_or_in_blocks(
    tmp_path: Path, consumed: str, tokens: str
) -> None:
    meter = {"x_SkuMeterName": "gpt 4.1 mini Batch Outp glbl Tokens", "x_SkuMeterCategory": "Foundry Models"}
    meter |= {"x_SkuMeterSubcategory": "Azure OpenAI", "x_PricingBlockSize": "1000", "ListUnitPrice": "0.02"}
    meter |= {"SubAccountId": "/subscriptions/s"}
    found = opened(tmp_path, focus_row("0.25", ConsumedQuantity=consumed, **meter))
    (driver,) = found.drivers
    assert (driver["day"], driver["quantity"]) == (date(2026, 3, 2), Decimal(tokens))
    said = driver["dimensions"].replace(": ", ":")
    assert all(entry in said for entry in ('"model":"gpt-4.1-mini"', '"token_class":"output"', '"batch":"true"'))


def test_parquet_instants_are_left_alone(tmp_path: Path) -> None:
    write_run(tmp_path, [focus_row("1")], suffix=".parquet")
    assert seen(KIND, tmp_path).lines[0]["charge_day"] == date(2026, 3, 2)
