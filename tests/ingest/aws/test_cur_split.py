"""Split cost allocation data takes its cost from the instance, to the last digit, and never adds to it."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.ingest.aws.curs import item, plan, pod, read, write

pytestmark = pytest.mark.slow

POD = "arn:aws:eks:us-east-1:4:pod/training/search/ranker-0/uid-1"


@pytest.mark.parametrize("name", ["cur.parquet", "cur.csv"])
def test_pods_share_the_cost_of_their_instance_and_leave_it_the_rest(tmp_path: Path, name: str) -> None:
    found = read(
        write(
            tmp_path / name,
            [
                item("Usage", "1", line_item_resource_id="i-1"),
                pod("i-1", "0.3", "0.1", resource_tags={"aws_eks_namespace": "search"}),
                pod("i-1", "0.2", line_item_resource_id=POD.replace("ranker-0", "ranker-1")),
                item("Usage", "0.05", line_item_resource_id="i-1", line_item_operation="InterZone-Out"),
                item("Usage", "5", line_item_resource_id="i-2"),
                item("Usage", "1", hour=1, line_item_resource_id="i-1"),  # another hour
            ],
        )
    )
    shared = found.costs(resource_id="i-1", allocated_resource_id=None)
    assert sorted(shared) == [(Decimal("0.05"),) * 2, (Decimal("0.4"),) * 2, (1, 1)]
    assert found.costs(allocated_resource_name="ranker-0") == [(Decimal("0.4"),) * 2]
    assert found.costs(allocated_resource_name="ranker-1") == [(Decimal("0.2"),) * 2]
    assert found.total("billed_cost") == found.total("effective_cost") == Decimal("7.05")
    assert not found.notes


def test_a_row_of_a_pod_is_its_instance_s_in_all_but_tags_meter_and_usage(tmp_path: Path) -> None:
    found = read(
        write(
            tmp_path / "cur.parquet",
            [
                item("Usage", "1", product_sku="SKU", resource_tags={"user_team": "platform"}),
                pod(
                    "i-1",
                    "0.3",
                    line_item_usage_type="USE1-EKS-EC2-GPU-Hours",
                    pricing_unit="GPU-Hours",
                    resource_tags={"user_team": "search"},
                    split_line_item_split_usage="0.5",
                    split_line_item_split_usage_ratio="0.25",
                ),
            ],
        )
    )
    (row,) = [row for row in found.rows if row["AllocatedMethodId"]]
    assert (row["ResourceId"], row["AllocatedResourceId"]) == ("i-1", POD)
    assert (row["ServiceName"], row["SkuId"]) == ("Amazon Elastic Compute Cloud", "SKU")
    assert (row["SkuMeter"], row["ConsumedQuantity"], row["ConsumedUnit"]) == (
        "USE1-EKS-EC2-GPU-Hours",
        0.5,
        "GPU-Hours",
    )
    assert row["Tags"] == row["AllocatedTags"] == '{"team":"search"}'
    assert json.loads(row["AllocatedMethodDetails"]) == {
        "Elements": [{"AllocatedRatio": 0.25, "UsageUnit": "GPU-Hours", "UsageQuantity": 0.5}]
    }


def test_pods_on_an_instance_that_a_plan_covers_have_their_part_of_its_effective_cost(tmp_path: Path) -> None:
    covered = plan("SavingsPlanCoveredUsage", "2", savings_plan_savings_plan_effective_cost="1.2")
    found = read(
        write(tmp_path / "cur.parquet", [covered, plan("SavingsPlanNegation", "-2"), pod("i-1", "0.9", "0.1")])
    )
    assert found.costs(allocated_resource_id=POD) == [(0, 1)]
    assert found.costs(allocated_resource_id=None) == [(0, Decimal("0.2"))]
    assert {line["commitment_discount_id"] for line in found.lines} == {"arn:aws:savingsplans::1:savingsplan/sp-1"}
    assert {line["commitment_discount_status"] for line in found.lines} == {"Used"}


def test_an_hour_that_a_plan_covers_in_part_stays_whole(tmp_path: Path) -> None:
    covered = plan("SavingsPlanCoveredUsage", "1", savings_plan_savings_plan_effective_cost="0.6")
    rest = item("Usage", "0.4")
    found = read(
        write(tmp_path / "cur.parquet", [covered, plan("SavingsPlanNegation", "-1"), rest, pod("i-1", "0.7", "0.3")])
    )
    assert found.costs(allocated_resource_id=POD) == [(0, 1)]
    assert sorted(found.costs(allocated_resource_id=None)) == [(0, Decimal("-0.4")), (Decimal("0.4"),) * 2]
    assert (found.total("billed_cost"), found.total("effective_cost")) == (Decimal("0.4"), Decimal(1))


def test_net_split_costs_count_where_they_have_a_value(tmp_path: Path) -> None:
    instance = item("Usage", "1", line_item_net_unblended_cost="0.9")
    split = pod("i-1", "0.5", "0.5", split_line_item_net_split_cost="0.45", split_line_item_net_unused_cost="0.45")
    found = read(write(tmp_path / "cur.parquet", [instance, split]))
    assert found.costs(allocated_resource_id=POD) == [(Decimal("0.9"),) * 2]
    assert found.costs(allocated_resource_id=None) == [(0, 0)]


def test_a_pod_whose_instance_is_elsewhere_costs_nothing_and_is_told(tmp_path: Path) -> None:
    found = read(write(tmp_path / "cur.parquet", [item("Usage", "1"), pod("i-9", "0.3")]))
    assert found.total("effective_cost") == 1
    note = found.notes["split-without-parent"]
    assert (note.rows, note.example) == (1, "i-9")


def test_a_remainder_that_no_double_can_hold_is_exact(tmp_path: Path) -> None:
    found = read(write(tmp_path / "cur.parquet", [item("Usage", "123456789.123456"), pod("i-1", "1e-10")]))
    assert found.total("effective_cost") == Decimal("123456789.123456")
    assert found.costs(allocated_resource_id=None) == [(Decimal("123456789.1234559999"),) * 2]
