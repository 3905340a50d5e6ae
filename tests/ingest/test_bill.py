"""What goes in comes out: booked or set aside, with its file, row and cell."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from app.db.tables.bills import QuarantinedRow
from app.db.tables.charges import ChargeKey
from app.domain.charge import Axis, Metric
from app.errors import BadInput
from app.reports.cost_query import Granularity
from tests.ingest.bills import focus_row, without, write_csv, write_parquet
from tests.trueup import Trueup, last_delivery


def test_a_row_whose_billed_cost_cannot_be_read_is_set_aside_with_its_cell(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("1"), focus_row("2", ChargeDescription="two\nlines"), focus_row("4", BilledCost="$10,000.00 ")]
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert (outcome.rows_in, outcome.rows_quarantined) == (3, 1)
    assert trueup.quarantined() == [("bill.csv", 4, "BilledCost", "$10,000.00 ")]
    (row,) = trueup.all(QuarantinedRow)
    assert (row.reason, row.billed_cost, row.effective_cost) == ("BilledCost cannot be read", "$10,000.00 ", "4")
    assert trueup.total() == 3
    assert trueup.total(Metric.EFFECTIVE) == 3


def test_what_went_in_is_what_was_loaded_and_what_was_set_aside(trueup: Trueup, tmp_path: Path) -> None:
    rows = [
        focus_row("1.5"),
        focus_row("-0.25", day="2026-04-01"),
        focus_row("2", BillingCurrency="EUR"),
        focus_row("4", BillingCurrency=None),
        focus_row("8", BillingCurrency="dollars"),
        focus_row("16", EffectiveCost="n/a"),
        focus_row("32", BillingPeriodStart="March"),
        focus_row("64", ChargePeriodStart=None),
    ]
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    totals = last_delivery(trueup).control_totals
    assert sum(total["rows"] for total in totals) == outcome.rows_in == 8
    assert sum(Decimal(total["billed_cost"]) for total in totals) == sum(Decimal(row["BilledCost"]) for row in rows)
    loaded = [total for total in totals if total["problem"] is None]
    assert {(t["billing_period_start"], t["billing_currency"]): t["billed_cost"] for t in loaded} == {
        ("2026-03-01", "USD"): "1.5",
        ("2026-04-01", "USD"): "-0.25",
        ("2026-03-01", "EUR"): "2",
    }
    assert trueup.costs() == {"USD": {(): Decimal("1.25")}, "EUR": {(): 2}}
    assert outcome.rows_quarantined == 5
    assert trueup.quarantined() == [
        ("bill.csv", 5, "BillingCurrency", None),
        ("bill.csv", 6, "BillingCurrency", "dollars"),
        ("bill.csv", 7, "EffectiveCost", "n/a"),
        ("bill.csv", 8, "BillingPeriodStart", "March"),
        ("bill.csv", 9, "ChargePeriodStart", None),
    ]


def test_a_row_set_aside_names_the_file_of_several(trueup: Trueup, tmp_path: Path) -> None:
    write_csv(tmp_path / "bill" / "part-1.csv", [focus_row("1"), focus_row("2")])
    write_csv(tmp_path / "bill" / "more" / "part-2.csv.gz", [focus_row("4"), focus_row("oops")])
    outcome = trueup.ingest(tmp_path / "bill")
    assert outcome.rows_in == 4
    assert trueup.total() == 7
    assert trueup.quarantined() == [("more/part-2.csv.gz", 3, "BilledCost", "oops")]


def test_credits_refunds_and_tax_add_up(trueup: Trueup, tmp_path: Path) -> None:
    rows = [
        focus_row("100"),
        focus_row("-30", ChargeCategory="Credit"),
        focus_row("-5", ChargeClass="Correction"),
        focus_row("7", ChargeCategory="Tax", ServiceName="Tax", ResourceId=None),
        focus_row("-200", ChargeCategory="Adjustment"),
        focus_row("0", ChargeCategory="Purchase"),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    by_category = {"Usage": 95, "Credit": -30, "Tax": 7, "Adjustment": -200, "Purchase": 0}
    assert trueup.costs("charge_category") == {"USD": by_category}
    assert trueup.total() == -128


def test_a_correction_is_billed_this_month_and_charged_where_it_was_used(trueup: Trueup, tmp_path: Path) -> None:
    correction = focus_row("-2", day="2026-02-27", ChargeClass="Correction") | {
        "BillingPeriodStart": "2026-03-01T00:00:00Z",
        "BillingPeriodEnd": "2026-04-01T00:00:00Z",
    }
    february = focus_row("10", day="2026-02-27")
    trueup.ingest(write_csv(tmp_path / "feb.csv", [february]))
    trueup.ingest(write_csv(tmp_path / "mar.csv", [focus_row("5"), correction]))
    billed = trueup.costs(granularity=Granularity.MONTH, axis=Axis.BILLING)
    used = trueup.costs(granularity=Granularity.MONTH, axis=Axis.CHARGE)
    assert billed == {"USD": {"2026-02-01": 10, "2026-03-01": 3}}
    assert used == {"USD": {"2026-02-01": 8, "2026-03-01": 5}}
    span = (date(2026, 2, 1), date(2026, 3, 1))
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY, span=span) == {"USD": {"2026-02-27": 8}}
    assert trueup.costs("tag:x", axis=Axis.CHARGE, granularity=Granularity.DAY, span=span) == {
        "USD": {("2026-02-27", None): 8}
    }
    assert trueup.lines(axis=Axis.CHARGE).totals == {"USD": 13}
    assert trueup.live() == [("2026-02", 1), ("2026-03", 2)]


def test_a_billing_period_that_starts_in_mid_month_is_booked_in_its_month(trueup: Trueup, tmp_path: Path) -> None:
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1", BillingPeriodStart="2026-03-15")]))
    assert trueup.live() == [("2026-03", 1)]
    assert "whole-month" in [finding.rule for finding in outcome.findings]


def test_columns_that_focus_does_not_know_are_kept_with_the_line(trueup: Trueup, tmp_path: Path) -> None:
    row = focus_row("1", x_CostClass="gold", Id="42", Note='a, "b"\nc')
    trueup.ingest(write_csv(tmp_path / "bill.csv", [row]))
    (item,) = trueup.lines().items
    assert item.values["x_CostClass"] == "gold"
    assert item.values["id"] == "42"
    assert item.values["note"] == 'a, "b"\nc'
    assert item.values["charge_description"] == "An hour of a machine"
    assert (item.source, item.file, item.row_number) == ("aws", "bill.csv", 2)


def test_columns_may_be_in_any_order_and_case(trueup: Trueup, tmp_path: Path) -> None:
    row = {name.lower(): cell for name, cell in reversed(focus_row("1.25").items())}
    trueup.ingest(write_csv(tmp_path / "bill.csv", [row]))
    assert trueup.costs("service_name") == {"USD": {"Amazon EC2": Decimal("1.25")}}
    assert trueup.lines().totals == {"USD": Decimal("1.25")}


def test_files_of_one_delivery_may_spell_and_order_their_columns_differently(trueup: Trueup, tmp_path: Path) -> None:
    one = focus_row("1", x_Only="here")
    two = {name.lower(): cell for name, cell in reversed(focus_row("2").items())}
    write_csv(tmp_path / "bill" / "1.csv", [one])
    write_csv(tmp_path / "bill" / "2.csv", [two])
    trueup.ingest(tmp_path / "bill")
    assert trueup.total() == 3
    assert trueup.lines().totals == {"USD": 3}


def test_columns_named_like_our_own_are_the_bills(trueup: Trueup, tmp_path: Path) -> None:
    row = focus_row("1", filename="a", bill="c", problem="d")
    trueup.ingest(write_csv(tmp_path / "bill.csv", [row]))
    assert trueup.total() == 1
    (item,) = trueup.lines().items
    assert {name: item.values[name] for name in ("filename", "bill", "problem")} == {
        "filename": "a",
        "bill": "c",
        "problem": "d",
    }


def test_split_allocation_columns_of_1_3_reach_the_key(trueup: Trueup, tmp_path: Path) -> None:
    row = without(focus_row("1"), "ProviderName", "PublisherName") | {
        "ServiceProviderName": "AWS",
        "HostProviderName": "AWS",
        "AllocatedMethodId": "cpu-share",
        "AllocatedResourceId": "pod-7",
        "AllocatedResourceName": "search/indexer",
        "AllocatedTags": '{"team": "search"}',
    }
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", [row]))
    assert outcome.format_version == "FOCUS 1.3"
    (key,) = trueup.all(ChargeKey)
    allocated = key.allocated_method_id, key.allocated_resource_id, key.allocated_resource_name
    assert allocated == ("cpu-share", "pod-7", "search/indexer")
    (item,) = trueup.lines().items
    assert item.values["allocated_tags"] == '{"team": "search"}'


def test_exact_and_inexact_parquet_are_not_read_together(trueup: Trueup, tmp_path: Path) -> None:
    exact = focus_row("1", BilledCost=Decimal("0.12345678901234567890"))
    rough = focus_row("1", BilledCost=0.5)
    write_parquet(tmp_path / "bill" / "1.parquet", [exact], {"BilledCost": pa.decimal128(38, 20)})
    write_parquet(tmp_path / "bill" / "2.parquet", [rough], {"BilledCost": pa.float64()})
    with pytest.raises(BadInput, match=r"BilledCost is decimal in 1\.parquet and float in 2\.parquet"):
        trueup.ingest(tmp_path / "bill")


def test_tags_as_text_and_as_a_map_are_not_read_together(trueup: Trueup, tmp_path: Path) -> None:
    write_parquet(tmp_path / "bill" / "1.parquet", [focus_row("1", Tags='{"a": "b"}')])
    as_map = {"Tags": pa.map_(pa.string(), pa.string())}
    write_parquet(tmp_path / "bill" / "2.parquet", [focus_row("1", Tags=[("a", "b")])], as_map)
    with pytest.raises(BadInput, match=r"Tags is map in 2\.parquet and text in 1\.parquet"):
        trueup.ingest(tmp_path / "bill")
