"""What each type of line item of a Cost and Usage Report becomes."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput
from tests.ingest.aws.curs import Item, item, plan, read, reservation, write

pytestmark = pytest.mark.slow

FEE_OF_A_PLAN = {"savings_plan_total_commitment_to_date": "3", "savings_plan_used_commitment": "2.25"}
FEE_OF_A_RESERVATION = {
    "reservation_unused_amortized_upfront_fee_for_billing_period": "0.5",
    "reservation_unused_recurring_fee": "0.25",
}
RETURNED = "Refund for one-time fee for Savings Plan ID: sp-1"


def cells(found: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


WHAT = ("charge_category", "charge_frequency", "pricing_category", "commitment_discount_status")


# Line items that become one row each: what the row bills, its effective cost, and what kind of charge it is.
ALONE: list[tuple[Item, str, str, tuple[str | None, ...]]] = [
    (item("Usage", "2"), "2", "2", ("Usage", "Usage-Based", "Standard", None)),
    (
        item("Usage", "2", line_item_usage_type="USE1-SpotUsage:m5.xlarge"),
        "2",
        "2",
        ("Usage", "Usage-Based", "Dynamic", None),
    ),
    (
        reservation("DiscountedUsage", reservation_effective_cost="0.75"),
        "0",
        "0.75",
        ("Usage", "Usage-Based", "Committed", "Used"),
    ),
    (plan("SavingsPlanUpfrontFee", "100"), "100", "0", ("Purchase", "One-Time", "Standard", None)),
    (reservation("Fee", "90"), "90", "0", ("Purchase", "One-Time", "Standard", None)),
    (item("Fee", "15"), "15", "15", ("Purchase", "One-Time", "Standard", None)),
    (item("FlatRateSubscription", "15"), "15", "15", ("Purchase", "Recurring", "Standard", None)),
    (item("Tax", "0.4"), "0.4", "0.4", ("Tax", "One-Time", None, None)),
    (item("Credit", "-5"), "-5", "-5", ("Credit", "One-Time", "Other", None)),
    (item("Refund", "-5"), "-5", "-5", ("Usage", "One-Time", "Other", None)),
    (item("Refund", "-5", line_item_tax_type="VAT"), "-5", "-5", ("Tax", "One-Time", "Other", None)),
    (
        item(
            "Refund",
            "-100",
            line_item_product_code="ComputeSavingsPlans",
            line_item_line_item_description=RETURNED,
        ),
        "-100",
        "0",
        ("Purchase", "One-Time", "Other", None),
    ),
    # A private discount on a plan, given back: no return of the plan, so it counts (cloud intelligence issue 1497).
    (
        item(
            "Refund",
            "-8869.54",
            line_item_product_code="ComputeSavingsPlans",
            line_item_line_item_description="Enterprise program discount",
        ),
        "-8869.54",
        "-8869.54",
        ("Usage", "One-Time", "Other", None),
    ),
    *(
        (item(kind, "-3"), "-3", "-3", ("Usage", "Usage-Based", "Other", None))
        for kind in ("BundledDiscount", "Discount", "EdpDiscount", "PrivateRateDiscount", "SppDiscount")
    ),
]


def test_a_line_item_becomes_one_row(tmp_path: Path) -> None:
    found = read(write(tmp_path / "cur.parquet", [line_item for line_item, *_ in ALONE]))
    assert [(*cells(line, "billed_cost", "effective_cost"), cells(line, *WHAT)) for line in found.lines] == [
        (Decimal(billed), Decimal(effective), what) for _, billed, effective, what in ALONE
    ]
    assert not found.notes


def test_a_type_never_seen_before_is_charged_and_named(tmp_path: Path) -> None:
    found = read(write(tmp_path / "cur.parquet", [item("Usage", "1"), item("MoonbaseFee", "7")]))
    assert found.costs(charge_category="Usage") == [(1, 1), (7, 7)]
    note = found.notes["line-item-type"]
    assert (note.rows, note.example) == (1, "MoonbaseFee")


def test_a_plan_covers_usage_and_its_negation_goes(tmp_path: Path) -> None:
    covered = plan("SavingsPlanCoveredUsage", "4", savings_plan_savings_plan_effective_cost="2.5")
    found = read(write(tmp_path / "cur.parquet", [covered, plan("SavingsPlanNegation", "-4")]))
    assert found.costs() == [(0, Decimal("2.5"))]
    (line,) = found.lines
    assert cells(line, *WHAT) == ("Usage", "Usage-Based", "Committed", "Used")
    assert cells(line, "commitment_discount_category", "commitment_discount_type") == ("Spend", "Savings Plan")
    assert line["commitment_discount_id"] == "arn:aws:savingsplans::1:savingsplan/sp-1"
    assert cells(line, "list_cost", "contracted_cost") == (4, 4)
    assert cells(line, "commitment_discount_quantity", "commitment_discount_unit") == (Decimal("2.5"), "USD")
    assert not found.notes


@pytest.mark.parametrize("name", ["cur.parquet", "cur.csv"])
def test_what_a_negation_leaves_is_an_adjustment_of_its_account(tmp_path: Path, name: str) -> None:
    covered = {"savings_plan_savings_plan_effective_cost": "2.5"}
    found = read(
        write(
            tmp_path / name,
            [
                plan("SavingsPlanCoveredUsage", "4", **covered),
                plan("SavingsPlanCoveredUsage", "1", line_item_usage_account_id="7", **covered),
                plan("SavingsPlanNegation", "-3.9999999999"),
                plan("SavingsPlanNegation", "-1", line_item_usage_account_id="7"),
            ],
        )
    )
    off = Decimal("0.0000000001")
    assert found.costs(charge_category="Adjustment", sub_account_id="444455556666") == [(off, off)]
    assert found.total("billed_cost") == off
    note = found.notes["negation-cancels"]
    assert (note.rows, note.example) == (1, "0.0000000001 USD in 2026-03")
    (row,) = [row for row in found.rows if row["ChargeCategory"] == "Adjustment"]
    assert cells(row, "ResourceId", "SkuId", "CommitmentDiscountId", "ChargeClass") == (None,) * 4


def test_an_unreadable_negation_is_quarantined_and_not_folded(tmp_path: Path) -> None:
    covered = plan("SavingsPlanCoveredUsage", "4", savings_plan_savings_plan_effective_cost="2.5")
    found = read(write(tmp_path / "cur.csv", [covered, plan("SavingsPlanNegation", "minus four")]))
    assert [line["problem"] for line in found.lines if line["problem"]] == ["line_item_unblended_cost"]
    assert found.total("billed_cost") == 4  # the covered usage is on the bill, and nothing readable negates it


def test_a_recurring_fee_of_a_plan_has_its_unused_part_beside_it(tmp_path: Path) -> None:
    found = read(write(tmp_path / "cur.parquet", [plan("SavingsPlanRecurringFee", "3", **FEE_OF_A_PLAN)]))
    assert found.costs(charge_category="Purchase") == [(3, 0)]
    assert found.costs(charge_category="Usage", commitment_discount_status="Unused") == [(0, Decimal("0.75"))]
    (unused,) = [row for row in found.rows if row["CommitmentDiscountStatus"] == "Unused"]
    assert unused["ResourceId"] == unused["CommitmentDiscountId"] == "arn:aws:savingsplans::1:savingsplan/sp-1"
    assert cells(unused, "ConsumedQuantity", "ConsumedUnit", "PricingCategory") == (None, None, "Committed")


def test_a_recurring_fee_of_a_reservation_has_its_unused_part_beside_it(tmp_path: Path) -> None:
    found = read(write(tmp_path / "cur.parquet", [reservation("RIFee", "30", **FEE_OF_A_RESERVATION)]))
    assert found.costs(charge_category="Purchase", charge_frequency="Recurring") == [(30, 0)]
    assert found.costs(charge_category="Usage", commitment_discount_status="Unused") == [(0, Decimal("0.75"))]


def test_a_commitment_that_was_used_up_has_no_unused_row(tmp_path: Path) -> None:
    fee = plan("SavingsPlanRecurringFee", "3", **FEE_OF_A_PLAN | {"savings_plan_used_commitment": "3"})
    assert read(write(tmp_path / "cur.parquet", [fee])).costs() == [(3, 0)]


def test_what_no_double_can_hold_is_still_exact(tmp_path: Path) -> None:
    # 123456789.123456 - 0.0000000001 takes nineteen digits, a double has seventeen.
    large = {"savings_plan_total_commitment_to_date": "123456789.123456", "savings_plan_used_commitment": "1e-10"}
    found = read(write(tmp_path / "cur.parquet", [item("Usage", "0.1"), plan("SavingsPlanRecurringFee", "3", **large)]))
    assert found.total("effective_cost") == Decimal("123456789.1234559999") + Decimal("0.1")


def test_an_amount_too_fine_to_be_added_is_quarantined_and_never_rounded(tmp_path: Path) -> None:
    tiny = {"savings_plan_total_commitment_to_date": "1", "savings_plan_used_commitment": "1.23456e-18"}
    found = read(write(tmp_path / "cur.csv", [plan("SavingsPlanRecurringFee", "3", **tiny)]))
    assert [line["problem"] for line in found.lines] == [None, "savings_plan_used_commitment"]


def test_net_columns_count_where_they_have_a_value(tmp_path: Path) -> None:
    found = read(
        write(
            tmp_path / "cur.parquet",
            [
                item("Usage", "10", line_item_net_unblended_cost="9"),
                item("Usage", "10", line_item_net_unblended_cost=None),
                item("EdpDiscount", "-1", line_item_net_unblended_cost="0"),
                plan(
                    "SavingsPlanCoveredUsage",
                    "4",
                    line_item_net_unblended_cost="3.6",
                    savings_plan_savings_plan_effective_cost="2.5",
                    savings_plan_net_savings_plan_effective_cost="2.25",
                ),
                plan("SavingsPlanNegation", "-4", line_item_net_unblended_cost="-3.6"),
                reservation("DiscountedUsage", reservation_effective_cost="2", reservation_net_effective_cost="1.5"),
                reservation(
                    "RIFee",
                    "30",
                    line_item_net_unblended_cost="27",
                    reservation_net_unused_recurring_fee="0.2",
                    **FEE_OF_A_RESERVATION,
                ),
            ],
        )
    )
    assert found.total("billed_cost") == 9 + 10 + 27
    assert found.total("effective_cost") == 9 + 10 + Decimal("2.25") + Decimal("1.5") + Decimal("0.7")
    assert not found.notes


def test_a_discount_without_a_net_cost_beside_usage_that_has_one_is_told(tmp_path: Path) -> None:
    items = [
        item("Usage", "10", line_item_net_unblended_cost="9"),
        item("EdpDiscount", "-1", line_item_net_unblended_cost=None),
    ]
    assert read(write(tmp_path / "cur.parquet", items)).notes["net-discount"].rows == 1


def test_a_refund_of_an_earlier_month_is_a_correction(tmp_path: Path) -> None:
    now, then = item("Refund", "-1"), item("Refund", "-1", hour=-24 * 20)
    found = read(write(tmp_path / "cur.parquet", [now, then]))
    assert [line["charge_class"] for line in found.lines] == [None, "Correction"]
    assert {str(line["billing_period_start"]) for line in found.lines} == {"2026-03-01"}


def test_dimensions_speak_focus(tmp_path: Path) -> None:
    line_item = item(
        "Usage",
        "2",
        bill_payer_account_name="Acme",
        line_item_usage_account_name="acme-search",
        line_item_availability_zone="us-east-1a",
        line_item_iam_principal="arn:aws:iam::1:role/ranker",
        line_item_product_code="AmazonBedrock",
        line_item_usage_amount="1000",
        pricing_rate_code="SKU.TERM.RATE",
        pricing_public_on_demand_cost="2.5",
        product_sku="SKU",
    )
    found = read(write(tmp_path / "cur.parquet", [line_item]), key_extras=["x_IamPrincipal"])
    (line,) = found.lines
    told = {
        "service_provider_name": "AWS",
        "publisher_name": "Amazon Web Services, Inc.",
        "invoice_issuer_name": "Amazon Web Services, Inc.",
        "invoice_id": "EUINAB26-1",
        "billing_account_id": "111122223333",
        "billing_account_name": "Acme",
        "sub_account_id": "444455556666",
        "sub_account_name": "acme-search",
        "service_name": "Amazon Bedrock",
        "service_category": "AI and Machine Learning",
        "service_subcategory": "Generative AI",
        "region_id": "us-east-1",
        "availability_zone": "us-east-1a",
        "resource_id": "i-1",
        "sku_id": "SKU",
        "sku_meter": "USE1-BoxUsage:m5.xlarge",
        "sku_price_id": "SKU.TERM.RATE",
        "pricing_unit": "Hrs",
        "consumed_unit": "Hrs",
        "pricing_quantity": Decimal(1000),
        "consumed_quantity": Decimal(1000),
        "list_cost": Decimal("2.5"),
        "extra_0": "arn:aws:iam::1:role/ranker",
    }
    assert {name: line[name] for name in told} == told


@pytest.mark.parametrize(
    ("cells_", "service"),
    [
        ({"line_item_product_code": "AmazonS3"}, ("Amazon Simple Storage Service", "Storage", "Object Storage")),
        (
            {"line_item_usage_type": "EBS:VolumeUsage.gp3"},
            ("Amazon Elastic Compute Cloud", "Storage", "Block Storage"),
        ),
        (
            {"line_item_product_code": "8abc", "product": {"product_name": "Claude Sonnet 5 (Amazon Bedrock Edition)"}},
            ("Claude Sonnet 5 (Amazon Bedrock Edition)", "AI and Machine Learning", "Generative AI"),
        ),
        (
            {"line_item_product_code": "9xyz", "product": {"product_name": "Moon Observability"}},
            ("Moon Observability", "Other", "Other (Other)"),
        ),
        ({"line_item_product_code": "AWSMoonbase", "product": {}}, ("AWSMoonbase", "Other", "Other (Other)")),
    ],
)
def test_services_have_names_and_categories(
    tmp_path: Path, cells_: dict[str, Any], service: tuple[str, str, str]
) -> None:
    for path, legacy in ((tmp_path / "cur.parquet", False), (tmp_path / "cur.csv", False), (tmp_path / "1.csv", True)):
        found = read(write(path, [item(**cells_)], legacy=legacy))
        assert cells(found.lines[0], "service_name", "service_category", "service_subcategory") == service


def test_a_report_that_lacks_what_covered_usage_costs_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "cur.csv", [plan("SavingsPlanCoveredUsage", "4")])
    with pytest.raises(
        BadInput, match=r"cur\.csv has line items of type SavingsPlanCoveredUsage, and no column savings"
    ):
        read(path)


def test_other_files_are_refused_with_what_they_lack(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="not a Cost and Usage Report"):
        read(other)
    lacking = {name: cell for name, cell in item().items() if name != "line_item_currency_code"}
    with pytest.raises(BadInput, match="the column line_item_currency_code of the report is missing"):
        read(write(tmp_path / "cur.csv", [lacking]))
    focus = tmp_path / "focus.csv"
    focus.write_text("BilledCost,EffectiveCost\n1,1\n")
    with pytest.raises(BadInput, match="--format focus"):
        read(focus)
    write(tmp_path / "both" / "cur.csv", [item()])
    write(tmp_path / "both" / "cur.parquet", [item()])
    with pytest.raises(BadInput, match="differ in format"):
        read(tmp_path / "both")
