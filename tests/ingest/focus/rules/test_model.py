"""The rules against the official FOCUS 1.2 model, and against the bills that others made."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ingest.finding import Finding
from ingest.focus.rules.lists import CURRENCIES, SUBCATEGORIES
from ingest.focus.rules.table import covered_ids
from tests.ingest.focus.rules.rows import judged
from tests.ingest.focus.rules.unchecked import REASONS, UNCHECKED


@pytest.fixture(scope="module")
def model(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "billing/model-1.2.0.1.json").read_text())["ModelRules"]
    return found


def _is_must(rule: dict[str, Any]) -> bool:
    return str(rule["ValidationCriteria"]["Keyword"]).startswith("MUST")


def test_every_requirement_that_is_cited_is_a_must_of_the_model(model: dict[str, Any]) -> None:
    assert covered_ids() <= {name for name, rule in model.items() if _is_must(rule)}


def test_each_must_is_checked_or_there_is_a_reason_why_not(model: dict[str, Any]) -> None:
    # A composite says no more than its parts do.
    musts = {name for name, rule in model.items() if _is_must(rule) and rule["Function"] != "Composite"}
    assert len(musts) == 400
    assert musts - covered_ids() == UNCHECKED
    assert not UNCHECKED & covered_ids()
    assert sum(len(reason.split()) for reason in REASONS) == len(UNCHECKED)


def test_three_quarters_of_the_musts_are_checked(model: dict[str, Any]) -> None:
    static = {name for name in covered_ids() if model[name]["Type"] == "Static"}
    assert (len(covered_ids()), len(static)) == (303, 248)


def test_the_lists_are_the_official_ones(shared_data: Path) -> None:
    with (shared_data / "billing/currency_codes.csv").open() as file:
        assert {row["currency_codes"] for row in csv.DictReader(file)} <= set(CURRENCIES)
    with (shared_data.parent / "reference/focus_service_subcategories.csv").open() as file:
        official = {(row["ServiceSubcategory"], row["ServiceCategory"]) for row in csv.DictReader(file)}
    assert set(SUBCATEGORIES) == official


@pytest.mark.parametrize(
    "name", ["focus_1_2_cost_and_usage_aws.csv", "focus_1_3_cost_and_usage_gcp.csv", "focus14_azure"]
)
def test_a_bill_generated_by_the_rules_breaks_none(shared_data: Path, tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, shared_data / "billing/generated" / name) == ()


SAMPLE = "focus_sample_1000_aws_ms_oracle.csv"


@pytest.fixture(scope="module")
def sample(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str | None, str], Finding]:
    """What the real FOCUS 1.0 bill breaks, by requirement and column."""
    found = judged(tmp_path_factory.mktemp("sample"), shared_data / "billing/focus-1.0" / SAMPLE)
    return {(each.requirement, each.column): each for each in found}


def test_oracle_has_no_contracted_cost_and_no_pricing_category(
    sample: dict[tuple[str | None, str], Finding], shared_data: Path
) -> None:
    with (shared_data / "billing/focus-1.0" / SAMPLE).open() as file:
        rows = list(csv.DictReader(file))
    oracle = [number for number, row in enumerate(rows, start=2) if row["ProviderName"] == "Oracle"]
    assert (len(oracle), oracle[0]) == (7, 927)
    cost = sample["ContractedCost-C-003-M", "ContractedCost"]
    assert (cost.rule, cost.rows, cost.example, cost.file, cost.row_number) == ("not-null", 7, "NULL", SAMPLE, 927)
    usage = [number for number in oracle if rows[number - 2]["ChargeCategory"] == "Usage"]
    assert sample["PricingCategory-C-004-C", "PricingCategory"].rows == len(usage) == 5


def test_oracle_writes_usage_based_in_another_case(sample: dict[tuple[str | None, str], Finding]) -> None:
    casing = sample["ChargeFrequency-C-003-M", "ChargeFrequency"]
    assert (casing.rule, casing.rows, casing.example, casing.row_number) == ("casing", 7, "Usage-based", 927)


def test_a_written_null_and_a_date_without_a_zone_are_told(sample: dict[tuple[str | None, str], Finding]) -> None:
    null = sample["NullHandling-A-002-M", "ChargeClass"]
    assert (null.rows, null.example, null.row_number) == (1000, "NULL", 2)
    start = sample["ChargePeriodStart-C-002-M", "ChargePeriodStart"]
    assert (start.rows, start.example, start.row_number) == (1000, "2024-09-18 22:00:00", 2)


def test_a_list_cost_that_is_not_price_times_quantity_is_told_with_all_three(
    sample: dict[tuple[str | None, str], Finding],
) -> None:
    product = sample["ListCost-C-009-C", "ListCost"]
    assert product.row_number == 948
    assert product.example is not None
    assert product.example.startswith("ListCost=0.00001500000, ListUnitPrice=0.05, PricingQuantity=0.00000003000")


def test_the_extra_column_is_told(sample: dict[tuple[str | None, str], Finding]) -> None:
    assert sample["ColumnHandling-A-010-M", "Id"].rows == 1000
