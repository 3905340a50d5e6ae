"""The report of a delivery: counts of rows, and an example that a person finds again."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from ingest.finding import Finding
from ingest.focus.rules.relation_rules import ONE_PARENT
from ingest.focus.rules.report import rule_findings
from ingest.focus.rules.rule import OneParent
from tests.ingest.bills import Row, write_csv, write_parquet
from tests.ingest.focus.rules.rows import (
    COLUMNS_OF,
    COMPLIANT,
    COVERED,
    CREDIT,
    ON_DEMAND,
    PURCHASE,
    TAX,
    broken_by,
    duckdb,
    judged,
    read,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_a_compliant_bill_breaks_nothing(tmp_path: Path, version: str) -> None:
    rows = [{name: row[name] for name in COLUMNS_OF[version]} for row in COMPLIANT]
    assert broken_by(tmp_path, rows) == []


def test_a_compliant_bill_in_parquet_breaks_nothing(tmp_path: Path) -> None:
    numbers = {name: pa.float64() for name in ("ListUnitPrice", "PricingQuantity")}
    rows = [{**row, **{name: row[name] and float(row[name]) for name in numbers}} for row in COMPLIANT]
    dates = [name for name in COVERED if name.endswith(("Start", "End"))]
    costs = [name for name in COVERED if name.endswith(("Cost", "Quantity", "UnitPrice")) and name not in numbers]
    table = write_parquet(tmp_path / "typed.parquet", rows, numbers)
    assert {(each.rule, each.column) for each in judged(tmp_path, table)} == {
        ("type", name) for name in (*dates, *costs)
    }


def test_rows_are_counted_and_the_first_is_shown(tmp_path: Path) -> None:
    bad = {**ON_DEMAND, "PricingCategory": None}
    (found,) = judged(tmp_path, write_csv(tmp_path / "march.csv", [COVERED, TAX, bad, ON_DEMAND, bad, bad]))
    assert (found.requirement, found.rule, found.column) == ("PricingCategory-C-004-C", "not-null", "PricingCategory")
    assert (found.rows, found.file, found.row_number) == (3, "march.csv", 4)
    assert found.example == "PricingCategory=null, ChargeCategory=Usage, ChargeClass=null"


def test_the_example_is_found_in_the_second_file(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "bill/a.csv", [COVERED, TAX])
    two = write_csv(tmp_path / "bill/b.csv", [CREDIT, {**PURCHASE, "EffectiveCost": "3"}])
    (found,) = judged(tmp_path, one, two)
    assert (found.requirement, found.rows) == ("EffectiveCost-C-005-C", 1)
    assert (found.file, found.row_number) == ("b.csv", 3)
    assert found.example is not None
    assert found.example.startswith("EffectiveCost=3, ChargeCategory=Purchase, CommitmentDiscountId=sp-1")


def test_a_row_of_parquet_is_counted_from_one(tmp_path: Path) -> None:
    table = write_parquet(tmp_path / "bill.parquet", [COVERED, {**ON_DEMAND, "ListCost": "5"}])
    (found,) = (each for each in judged(tmp_path, table) if each.rule == "product")
    assert (found.row_number, found.example) == (
        2,
        "ListCost=5, ListUnitPrice=2, PricingQuantity=2, ChargeClass=null",
    )


@pytest.mark.parametrize(
    "cells",
    [
        {"Tags": '{"a": 1, "a": {"b": "\\ud800"}}', "SkuPriceDetails": '{"CoreCount": "4", "CoreCount": 4}'},
        {"Tags": '{"a": 1', "SkuPriceDetails": "[1]"},
        {"Tags": "null", "SkuPriceDetails": "7"},
        dict.fromkeys(("ListUnitPrice", "ContractedUnitPrice"), "1e308"),
        dict.fromkeys(("PricingQuantity", "ListUnitPrice", "ListCost"), "inf"),
        dict.fromkeys(("ChargePeriodEnd", "BillingPeriodEnd"), "infinity"),
        dict.fromkeys(("ChargePeriodEnd", "BillingPeriodEnd"), "290000-01-01 00:00:00"),
    ],
)
def test_no_cell_keeps_a_report_from_being_made(tmp_path: Path, cells: Row) -> None:
    assert broken_by(tmp_path, [COVERED, {**COVERED, **cells}])


def test_a_correction_may_differ_from_its_price(tmp_path: Path) -> None:
    off = {**ON_DEMAND, "ListCost": "5", "SkuId": None, "SkuMeter": None}
    assert broken_by(tmp_path / "a", [off]) == [("not-null", "SkuId"), ("product", "ListCost")]
    assert broken_by(tmp_path / "b", [{**off, "ChargeClass": "Correction"}]) == []


@pytest.mark.parametrize("rule", ONE_PARENT, ids=lambda each: each.column)
def test_a_value_has_one_parent(tmp_path: Path, rule: OneParent) -> None:
    other = {**COVERED, rule.parent: "Storage", "ServiceSubcategory": "Virtual Machines"}
    found = judged(tmp_path / "a", write_csv(tmp_path / "a.csv", [COVERED, other, COVERED]))
    (parent,) = (each for each in found if each.rule == "parent" and each.column == rule.column)
    assert (parent.requirement, parent.rows) == (rule.ids[0], 3)
    own = {**other, rule.column: "another"}
    found = judged(tmp_path / "b", write_csv(tmp_path / "b.csv", [COVERED, own, COVERED]))
    assert [each for each in found if each.rule == "parent" and each.column == rule.column] == []


def test_a_rule_of_a_later_version_does_not_bind_an_earlier_one(tmp_path: Path) -> None:
    consumed = {**TAX, "ConsumedQuantity": "1", "ConsumedUnit": "Hours"}
    old = [{name: row[name] for name in COLUMNS_OF["1.0"]} for row in (COVERED, consumed)]
    assert broken_by(tmp_path / "a", old) == []
    assert broken_by(tmp_path / "b", [COVERED, consumed]) == [("null", "ConsumedQuantity")]


def test_what_the_source_noted_comes_first(tmp_path: Path) -> None:
    with duckdb(tmp_path) as backend:
        bill = read(backend, tmp_path, write_csv(tmp_path / "bill.csv", [{**COVERED, "RegionName": None}]))
        noted = replace(bill.delivery, notes=(Finding("mapping", "Tags", "one label is left out", 1),))
        found = rule_findings(backend, noted)
    assert [(each.rule, each.column) for each in found] == [("mapping", "Tags"), ("not-null", "RegionName")]


def test_a_bill_in_the_vendors_own_format_is_not_told_how_to_write_focus(tmp_path: Path) -> None:
    row = {**COVERED, "ChargePeriodEnd": "2026-03-02 01:00:00", "Id": "1", "RegionName": "N/A", "ResourceType": None}
    with duckdb(tmp_path) as backend:
        bill = read(backend, tmp_path, write_csv(tmp_path / "bill.csv", [row]))
        as_focus = {each.rule for each in rule_findings(backend, bill.delivery)}
        as_own = {each.rule for each in rule_findings(backend, replace(bill.delivery, version="CUR 2.0"))}
    assert as_focus == {"column-name", "date-time", "placeholder", "not-null"}
    assert as_own == {"not-null"}
