"""FOCUS 1.3: how the charges that Trueup splits say so.

Rules: FOCUS 1.3, attribute Data Generator-Calculated Split Cost Allocation Handling and the columns Allocated….
"""

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.focus import FocusVersion
from tests.app.exports.focus.conftest import SUMMABLE, Cells, Exports
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

ALLOCATED = ("AllocatedMethodId", "AllocatedMethodDetails", "AllocatedResourceId", "AllocatedResourceName")
POLICY = """
name: five ways to split
teams:
  - {id: search, name: Search, cost_center: CC-1}
  - {id: speech, name: Speech}
pools:
  - {id: even, name: Evenly, split: even}
  - {id: direct, name: By cost, split: proportional}
  - {id: fixed, name: By weights, split: fixed, weights: {search: 2, speech: 1}}
  - {id: nobody, name: Nobody's, split: proportional, among: [speech]}
rules:
  - {name: "Search's", when: {column: resource_id, equals: i-1}, team: search}
  - {name: Even, when: {column: resource_id, equals: i-even}, pool: even}
  - {name: Direct, when: {column: resource_id, equals: i-direct}, pool: direct}
  - {name: Fixed, when: {column: resource_id, equals: i-fixed}, pool: fixed}
  - {name: Nobody, when: {column: resource_id, equals: i-nobody}, pool: nobody}
"""


@pytest.fixture
def rows(trueup: Trueup, exports: Exports, tmp_path: Path) -> list[Cells]:
    owners = ("1", "even", "direct", "fixed", "nobody", "unmatched")
    bill = [focus_row("10", ResourceId=f"i-{owner}", Tags='{"a": "b"}') for owner in owners]
    trueup.ingest(write_csv(tmp_path / "bill.csv", bill))
    trueup.policy(POLICY)
    return exports.rows(FocusVersion.V1_3)


def details(row: Cells) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row["AllocatedMethodDetails"] or "null", parse_float=Decimal, parse_int=Decimal)
    return found


def test_only_what_a_pool_splits_is_an_allocated_charge(rows: list[Cells]) -> None:
    split = {row["ResourceId"] for row in rows if row["AllocatedMethodId"]}
    assert split == {"i-even", "i-direct", "i-fixed"}
    for row in rows:
        assert {bool(row[name]) for name in (*ALLOCATED, "AllocatedTags")} == {row["ResourceId"] in split}


def test_an_allocated_charge_names_the_method_and_the_team(rows: list[Cells]) -> None:
    row = next(row for row in rows if row["ResourceId"] == "i-fixed")
    assert row["AllocatedMethodId"] == "fixed@1"
    assert (row["AllocatedResourceId"], row["AllocatedResourceName"]) == ("search", "Search")
    assert json.loads(row["AllocatedTags"] or "") == {"trueup/team": "search", "trueup/cost_center": "CC-1"}
    assert json.loads(row["Tags"] or "") == {"a": "b"}


def test_the_details_give_the_ratio_and_what_it_follows(rows: list[Cells]) -> None:
    found = {(row["AllocatedMethodId"], row["x_TeamId"]): details(row) for row in rows if row["AllocatedMethodId"]}
    assert found["even@1", "speech"] == {"Elements": [{"AllocatedRatio": Decimal("0.5")}], "x_Split": "evenly"}
    by_cost = {"AllocatedRatio": 1, "UsageUnit": "USD", "UsageQuantity": 10}
    assert found["direct@1", "search"] == {"Elements": [by_cost], "x_Split": "by direct cost"}


def test_the_ratios_of_an_origin_charge_add_up_to_one(rows: list[Cells]) -> None:
    ratios: defaultdict[str | None, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["AllocatedMethodId"]:
            (element,) = details(row)["Elements"]
            assert str(element["AllocatedRatio"]) == row["x_AllocatedShare"]
            ratios[row["x_OriginChargeId"]] += element["AllocatedRatio"]
    assert set(ratios.values()) == {1}
    assert len(ratios) == 3


def test_allocated_charges_differ_in_nothing_but_their_part(rows: list[Cells]) -> None:
    may_differ = {*SUMMABLE, *ALLOCATED, "AllocatedTags"}
    origins: defaultdict[str | None, set[tuple[str | None, ...]]] = defaultdict(set)
    for row in rows:
        own = [name for name in row if name not in may_differ and not name.startswith("x_")]
        origins[row["x_OriginChargeId"]].add(tuple(row[name] for name in own))
    assert len(origins) == 6
    assert {len(alike) for alike in origins.values()} == {1}


def test_the_names_of_1_3_stand_beside_those_it_retires(rows: list[Cells], exports: Exports) -> None:
    assert {(row["ServiceProviderName"], row["ProviderName"], row["PublisherName"]) for row in rows} == {("AWS",) * 3}
    new = {*ALLOCATED, "AllocatedTags", "ServiceProviderName", "HostProviderName"}
    assert rows[0].keys() - exports.rows(FocusVersion.V1_2)[0].keys() == new


def test_what_a_vendor_has_split_itself_stays(trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    vendor = {"AllocatedMethodId": "by-pod", "AllocatedResourceId": "pod-1", "AllocatedResourceName": "Pod"}
    names = {"ServiceProviderName": "AWS", "HostProviderName": "AWS", **vendor}
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10", ResourceId="i-1", **names)]))
    trueup.policy(POLICY)
    (row,) = exports.rows(FocusVersion.V1_3)
    assert {name: row[name] for name in vendor} == vendor
    assert (row["HostProviderName"], row["x_TeamId"]) == ("AWS", "search")


def test_columns_are_those_of_the_specification(shared_data: Path, rows: list[Cells], exports: Exports) -> None:
    with (shared_data.parent / "reference/focus_columns.csv").open() as file:
        official = [row for row in csv.DictReader(file) if row["dataset"] == "Cost and Usage"]
    for version in FocusVersion:
        names = {row["column"] for row in official if row["version"] == version.value}
        ours = {name for name in exports.rows(version)[0] if not name.startswith("x_")}
        # Trueup keeps no contracts (ContractApplied, conditional on supporting them).
        assert names - ours == ({"ContractApplied"} if version is FocusVersion.V1_3 else set())
        assert ours <= names
