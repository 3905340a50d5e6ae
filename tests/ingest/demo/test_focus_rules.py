"""FOCUS's own rules, held on every row the demo writes."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from ingest.demo.row import COSTS

pytestmark = pytest.mark.slow

Charges = list[dict[str, Any]]
MANDATORY = (
    *COSTS,
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
)


@pytest.fixture(scope="module")
def all_rows(charges: dict[str, Charges]) -> Charges:
    return [row for rows in charges.values() for row in rows]


def _with(rows: Charges, **wanted: str) -> Charges:
    return [row for row in rows if all(row[column] == value for column, value in wanted.items())]


def test_mandatory_columns_are_never_null(all_rows: Charges) -> None:
    assert not [row for row in all_rows if any(row[column] is None for column in MANDATORY)]


def test_each_file_says_its_version_by_its_columns(charges: dict[str, Charges]) -> None:
    columns = {source: set(rows[0]) for source, rows in charges.items()}

    assert "InvoiceId" not in columns["gcp"] | columns["azure"]
    assert "InvoiceId" in columns["aws"] & columns["anthropic"] & columns["openai"]
    assert [source for source in columns if "ServiceProviderName" in columns[source]] == ["openai"]


def test_a_priced_cost_is_its_unit_price_times_its_quantity(all_rows: Charges) -> None:
    priced = [row for row in all_rows if row["PricingQuantity"] is not None and row["ChargeClass"] is None]

    assert len(priced) > 60_000
    for row in priced:
        assert row["ListCost"] == row["ListUnitPrice"] * row["PricingQuantity"]
        assert row["ContractedCost"] == row["ContractedUnitPrice"] * row["PricingQuantity"]


def test_usage_and_purchases_have_a_price_and_a_sku(all_rows: Charges) -> None:
    wanted = ("SkuId", "SkuPriceId", "ListUnitPrice", "ContractedUnitPrice", "PricingCategory")
    for row in all_rows:
        if row["ChargeCategory"] in ("Usage", "Purchase") and row["ChargeClass"] is None:
            assert all(row[column] is not None for column in (*wanted, "PricingQuantity", "PricingUnit"))
        elif row["ChargeCategory"] == "Tax":
            assert all(row[column] is None for column in wanted)


def test_a_sku_price_has_one_sku(all_rows: Charges) -> None:
    parents = defaultdict(set)
    for row in all_rows:
        if row["SkuPriceId"]:
            parents[row["SkuPriceId"]].add(row["SkuId"])

    assert {len(skus) for skus in parents.values()} == {1}


def test_periods_are_half_open_whole_months_and_whole_days(all_rows: Charges) -> None:
    for row in all_rows:
        assert row["BillingPeriodStart"].endswith("-01")
        assert row["BillingPeriodEnd"].endswith("-01")
        assert row["BillingPeriodStart"] < row["BillingPeriodEnd"]
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"]


def test_a_commitment_is_billed_when_bought_and_effective_when_used(all_rows: Charges) -> None:
    committed = [row for row in all_rows if row["CommitmentDiscountId"]]
    bought = _with(committed, ChargeCategory="Purchase")
    consumed = _with(committed, ChargeCategory="Usage")

    assert {row["ChargeFrequency"] for row in bought} == {"One-Time", "Recurring"}
    assert all(row["BilledCost"] > 0 and row["EffectiveCost"] == 0 for row in bought)
    assert all(row["BilledCost"] == 0 and row["EffectiveCost"] > 0 for row in consumed)
    assert {row["CommitmentDiscountStatus"] for row in consumed} == {"Used", "Unused"}
    assert {row["PricingCategory"] for row in consumed} == {"Committed"}
    assert {row["PricingCategory"] for row in bought} == {"Standard"}


def test_an_unused_commitment_is_its_own_resource_and_consumes_nothing(all_rows: Charges) -> None:
    unused = _with(all_rows, CommitmentDiscountStatus="Unused")

    assert {row["ProviderName"] for row in unused} == {"AWS", "Google Cloud", "Microsoft"}
    assert all(row["ResourceId"] == row["CommitmentDiscountId"] and row["ConsumedQuantity"] is None for row in unused)


def _billed_and_effective(rows: Charges) -> dict[str, tuple[Decimal, Decimal]]:
    totals: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for row in rows:
        if row["CommitmentDiscountId"]:
            billed, effective = totals[row["CommitmentDiscountName"]]
            totals[row["CommitmentDiscountName"]] = (billed + row["BilledCost"], effective + row["EffectiveCost"])
    return totals


def test_what_a_commitment_costs_is_what_was_used_and_unused(all_rows: Charges) -> None:
    totals = _billed_and_effective(all_rows)

    # The second serving plan was paid for a year of which two months have passed; all others are level.
    still_prepaid = totals.pop("sp-inference-second")
    assert still_prepaid[0] > still_prepaid[1] > 0
    assert set(totals) == {"sp-pretraining-h100", "sp-inference-first", "cud-data-n2", "search-a100"}
    assert all(billed == effective for billed, effective in totals.values())


def test_uncommitted_usage_is_billed_as_it_is_used(all_rows: Charges) -> None:
    usage = [row for row in _with(all_rows, ChargeCategory="Usage") if row["CommitmentDiscountId"] is None]

    assert all(row["BilledCost"] == row["EffectiveCost"] for row in usage)
    assert all(row["BilledCost"] == row["ContractedCost"] for row in usage)


def test_spot_is_dynamic_and_cheaper_than_list(all_rows: Charges) -> None:
    spot = _with(all_rows, PricingCategory="Dynamic")

    assert {row["ProviderName"] for row in spot} == {"AWS", "Google Cloud"}
    assert all(row["EffectiveCost"] < row["ListCost"] / 2 for row in spot)


def test_a_credit_is_the_same_amount_in_all_four_costs(all_rows: Charges) -> None:
    credits_given = _with(all_rows, ChargeCategory="Credit")

    assert len(credits_given) == 5
    assert all(len({row[cost] for cost in COSTS}) == 1 and row["BilledCost"] < 0 for row in credits_given)


def test_tax_is_worked_out_from_each_cost(charges: dict[str, Charges]) -> None:
    october = _with(charges["azure"], BillingPeriodStart="2025-10-01")
    tax = _with(october, ChargeCategory="Tax")[0]

    for cost in COSTS:
        taxed = sum(row[cost] for row in october if row["ChargeCategory"] in ("Usage", "Purchase"))
        assert abs(tax[cost] - taxed * Decimal("0.19")) <= Decimal("0.005")


def test_a_refund_corrects_an_old_month_on_a_new_bill(all_rows: Charges) -> None:
    refunds = _with(all_rows, ChargeClass="Correction")

    assert len(refunds) == 31
    assert {row["BillingPeriodStart"] for row in refunds} == {"2026-09-01"}
    assert {row["ChargePeriodStart"][:7] for row in refunds} == {"2026-07"}
    assert all(row["BilledCost"] < 0 and row["PricingQuantity"] is None for row in refunds)


def test_only_closed_months_have_an_invoice(charges: dict[str, Charges]) -> None:
    for source in ("aws", "openai", "anthropic"):
        assert {row["InvoiceId"] is None for row in _with(charges[source], BillingPeriodStart="2026-11-01")} == {True}
        assert len({row["InvoiceId"] for row in _with(charges[source], BillingPeriodStart="2026-10-01")}) == 1
