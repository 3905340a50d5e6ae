"""Cost and Usage Reports through the whole pipeline, as `aws-cur`."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.charge import Axis, Metric
from tests.ingest.aws.curs import item, plan, pod, write
from tests.trueup import Trueup

pytestmark = pytest.mark.slow


def test_the_real_sample_loads_to_the_last_digit_and_again_changes_nothing(trueup: Trueup, shared_data: Path) -> None:
    sample = shared_data / "billing" / "native" / "aws_cur_athena_anonymous.csv"
    with sample.open(encoding="utf-8-sig", newline="") as stream:
        expected = sum(Decimal(row["lineItem/UnblendedCost"]) for row in csv.DictReader(stream))
    outcome = trueup.ingest(sample, file_format="aws-cur")
    assert (outcome.rows_in, outcome.rows_quarantined, outcome.format_version) == (1281, 0, "CUR 1")
    for metric in (Metric.BILLED, Metric.EFFECTIVE, Metric.CONTRACTED):
        assert {trueup.total(metric, axis=axis) for axis in Axis} == {expected}
    assert trueup.lines(limit=1).totals == {"USD": expected}
    before = trueup.figures()
    assert trueup.ingest(sample, file_format="aws-cur").unchanged
    assert trueup.figures() == before


@pytest.mark.parametrize("name", ["cur.parquet", "cur.csv.gz"])
def test_commitments_pods_and_adjustments_are_charges_with_line_items(
    trueup: Trueup, tmp_path: Path, name: str
) -> None:
    fee = {"savings_plan_total_commitment_to_date": "3", "savings_plan_used_commitment": "2.25"}
    covered = {"savings_plan_savings_plan_effective_cost": "2.5", "resource_tags": {"user_team": "platform"}}
    items = [
        plan("SavingsPlanCoveredUsage", "4", **covered),
        plan("SavingsPlanNegation", "-3.99"),
        plan("SavingsPlanRecurringFee", "3", line_item_resource_id=None, **fee),
        pod("i-1", "1", "0.5", resource_tags={"user_team": "search"}),
        item("Tax", "0.3", line_item_resource_id=None),
    ]
    trueup.ingest(write(tmp_path / name, items), file_format="aws-cur")
    assert trueup.total(Metric.BILLED) == Decimal("0.01") + 3 + Decimal("0.3")
    by_team = trueup.costs("tag:team", metric=Metric.EFFECTIVE)["USD"]
    assert (by_team["search"], by_team["platform"]) == (Decimal("1.5"), Decimal(1))
    assert trueup.total(Metric.EFFECTIVE) == Decimal("2.5") + Decimal("0.75") + Decimal("0.01") + Decimal("0.3")
    for metric in (Metric.BILLED, Metric.EFFECTIVE):
        assert trueup.lines(metric=metric, limit=1).totals == {"USD": trueup.total(metric)}


def test_a_corrected_report_replaces_its_month(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write(tmp_path / "one" / "cur.parquet", [item(cost="1"), item(cost="2")]), file_format="aws-cur")
    trueup.ingest(write(tmp_path / "two" / "cur.parquet", [item(cost="1.5")]))
    assert trueup.total() == Decimal("1.5")
