"""Deliveries that add to each other: FOCUS 1.4 Append with Delta or Ledger corrections."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.sources import add_source
from app.db.session import write_session
from app.db.tables.bills import Load
from app.domain.charge import Axis
from app.domain.viewer import operator
from app.reports.cost_query import Granularity
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup


def source(trueup: Trueup, **config: str) -> None:
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="focus", name="aws", config=config)


@pytest.mark.parametrize("style", ["Delta", "Ledger"])
def test_a_delivery_that_adds_leaves_what_was_there(trueup: Trueup, tmp_path: Path, style: str) -> None:
    source(trueup, delivery_handling="Append", correction_handling=style)
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("10"), focus_row("5", ServiceName="Amazon S3")]))
    correction = [focus_row("-10", ChargeClass="Correction"), focus_row("12.25", ChargeClass="Correction")]
    outcome = trueup.ingest(write_csv(tmp_path / "2.csv", correction))
    assert trueup.costs("service_name") == {"USD": {"Amazon EC2": Decimal("12.25"), "Amazon S3": 5}}
    assert trueup.live() == [("2026-03", 4)]
    (total,) = outcome.loads[0].totals
    assert (total["rows"], total["billed_cost"]) == (4, "17.25")
    report = trueup.lines()
    assert report.totals == {"USD": Decimal("17.25")}
    assert sorted((item.file, item.row_number) for item in report.items) == [
        ("1.csv", 2), ("1.csv", 3), ("2.csv", 2), ("2.csv", 3),
    ]  # fmt: skip


def test_the_same_delivery_does_not_add_twice(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, delivery_handling="Append", correction_handling="Delta")
    first, second = (write_csv(tmp_path / f"{cost}.csv", [focus_row(cost)]) for cost in ("1", "2"))
    for file in (first, second, first, second):
        trueup.ingest(file)
    assert trueup.total() == 3
    assert [state for state, _ in trueup.deliveries()] == ["loaded", "loaded"]


def test_a_delivery_adds_to_the_months_it_covers_and_leaves_the_others_alone(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, delivery_handling="Append", correction_handling="Ledger")
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("1"), focus_row("2", day="2026-04-01")]))
    late = focus_row("-0.5", ChargeClass="Correction", BillingPeriodStart="2026-04-01", BillingPeriodEnd="2026-05-01")
    trueup.ingest(write_csv(tmp_path / "2.csv", [late]))
    assert trueup.live() == [("2026-03", 1), ("2026-04", 2)]
    assert trueup.costs(granularity=Granularity.MONTH, axis=Axis.CHARGE) == {
        "USD": {"2026-03-01": Decimal("0.5"), "2026-04-01": 2}
    }
    superseded = [each for each in trueup.all(Load) if each.state == "superseded"]
    assert [each.billing_period_start.month for each in superseded] == [4]


def test_a_snapshot_that_is_appended_replaces(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, delivery_handling="Append", correction_handling="Replacement")
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("1")]))
    trueup.ingest(write_csv(tmp_path / "2.csv", [focus_row("2")]))
    assert trueup.total() == 2


def test_a_null_cost_in_both_deliveries_stays_null(trueup: Trueup, tmp_path: Path) -> None:
    source(trueup, delivery_handling="Append", correction_handling="Delta")
    for cost in ("1", "2"):
        trueup.ingest(write_csv(tmp_path / f"{cost}.csv", [focus_row(cost, ListCost=None)]))
    assert trueup.scalar("SELECT list_cost FROM charge WHERE load_id = (SELECT max(id) FROM load)") is None
    assert trueup.scalar("SELECT list_cost_missing FROM charge WHERE load_id = (SELECT max(id) FROM load)") == 2
