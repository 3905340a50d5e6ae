"""A folder that Cost Management exported into: only the newest runs count, and each is whole or refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.db.tables.charges import ChargeKey
from app.domain.charge import Metric
from app.errors import BadInput
from ingest.azure.export import KIND
from ingest.azure.tree import counting
from ingest.files import bill_files
from tests.ingest.azure.cost_rows import covered, purchase, unused
from tests.ingest.azure.exports import edit_manifest, write_run
from tests.ingest.azure.openings import seen
from tests.ingest.bills import Row, focus_row
from tests.trueup import Trueup

pytestmark = pytest.mark.slow


def line(cost: str, month: str = "2026-03") -> Row:
    return focus_row(cost, day=f"{month}-02", x_CostCenter="CC-1")


def test_the_newest_run_of_each_month_counts_whatever_its_folder_is_called(tmp_path: Path) -> None:
    write_run(tmp_path, [line("1")], run="zzz", submitted="2026-04-01T07:00:00Z")
    write_run(tmp_path, [line("2"), line("3")], [line("4")], run="aaa", submitted="2026-04-02T07:00:00Z")
    write_run(tmp_path, [line("10", "2026-04")], month="2026-04", submitted="2026-05-01T07:00:00Z")
    found = seen(KIND, tmp_path)
    assert (found.version, len(found.rows), found.total("billed_cost")) == ("FOCUS 1.0", 4, 19)
    root = "finops/daily/20260301-20260331"
    assert found.set_aside[f"{root}/zzz/part_0_0001.csv.gz"] == "not of the newest run"
    assert found.set_aside[f"{root}/zzz/manifest.json"] == "manifest of a superseded run"
    assert found.set_aside[f"{root}/aaa/manifest.json"] == "manifest"
    assert len(counting(bill_files([tmp_path], KIND.suffixes))) == 5


def test_a_run_with_the_same_bytes_as_the_one_before_is_no_second_file(trueup: Trueup, tmp_path: Path) -> None:
    write_run(tmp_path, [line("1")], run="old", submitted="2026-04-01T07:00:00Z")
    write_run(tmp_path, [line("1")], run="new", submitted="2026-04-02T07:00:00Z")
    trueup.ingest(tmp_path, source="azure", file_format="azure-export")
    assert trueup.total() == 1


def test_a_file_that_no_manifest_names_does_not_count(tmp_path: Path) -> None:
    folder = write_run(tmp_path, [line("1")])
    (folder / "part_9_0001.csv.gz").write_bytes(b"left over by an earlier, larger run")
    assert seen(KIND, tmp_path).total("billed_cost") == 1


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_run_that_overwrites_has_no_folder_of_its_own(tmp_path: Path, suffix: str) -> None:
    folder = write_run(tmp_path, [line("1")], overwrites=True, suffix=suffix)
    assert seen(KIND, folder).total("billed_cost") == 1  # the folder with the manifest alone will do


def test_another_number_of_rows_than_the_manifest_says_is_refused_with_both(tmp_path: Path) -> None:
    edit_manifest(write_run(tmp_path, [line("1"), line("2")]), blob={"dataRowCount": 3})
    with pytest.raises(
        BadInput, match=r"part_0_0001\.csv\.gz has 2 rows, and .*manifest\.json says 3\. Download the run"
    ):
        seen(KIND, tmp_path)


def test_another_number_of_rows_in_all_is_refused_with_both(tmp_path: Path) -> None:
    edit_manifest(write_run(tmp_path, [line("1")], [line("2")]), dataRowCount=5)
    with pytest.raises(BadInput, match=r"The run run-1 has 2 rows, and .*manifest\.json says 5"):
        seen(KIND, tmp_path)


def test_a_manifest_that_names_a_missing_file_is_refused_and_the_figures_stay(trueup: Trueup, tmp_path: Path) -> None:
    write_run(tmp_path / "one", [line("1")])
    trueup.ingest(tmp_path / "one", source="azure", file_format="azure-export")
    before = trueup.figures()
    folder = write_run(tmp_path / "two", [line("2")], [line("3")])
    (folder / "part_1_0001.csv.gz").unlink()
    with pytest.raises(
        BadInput, match=r"names finops/daily/.*/part_1_0001\.csv\.gz, which is not here.*run the export daily"
    ):
        trueup.ingest(tmp_path / "two", source="azure")
    assert trueup.figures() == before


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    edit_manifest(write_run(tmp_path, [line("1")]), blob={"byteCount": 7})
    with pytest.raises(BadInput, match=r"part_0_0001\.csv\.gz has \d+ bytes, and .*manifest\.json says 7"):
        seen(KIND, tmp_path)


def test_a_folder_without_a_manifest_is_refused_with_another_way_in(tmp_path: Path) -> None:
    (write_run(tmp_path, [line("1")]) / "manifest.json").unlink()
    with pytest.raises(BadInput, match=r"no manifest\.json here.*--format focus or --format azure-native"):
        seen(KIND, tmp_path)


def test_a_run_without_files_is_no_bill_yet(tmp_path: Path) -> None:
    write_run(tmp_path)
    with pytest.raises(BadInput, match=r"The newest runs \(20260301-20260331\) exported no files"):
        seen(KIND, tmp_path)


def test_an_export_without_costs_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, [{"a": "1", "b": "2"}], kind="PriceSheet")
    with pytest.raises(BadInput, match=r"is of a PriceSheet export, which holds no costs"):
        seen(KIND, tmp_path)


def test_only_the_named_exports_are_read(tmp_path: Path) -> None:
    write_run(tmp_path, [line("1")], export="one", scope="/subscriptions/1")
    write_run(tmp_path, [line("2")], export="two", scope="/subscriptions/2")
    assert seen(KIND, tmp_path).total("billed_cost") == 3
    assert seen(KIND, tmp_path, export_name=("two",)).total("billed_cost") == 2
    with pytest.raises(BadInput, match=r"no export called three here"):
        seen(KIND, tmp_path, export_name=("three",))


def test_actual_and_amortized_exports_in_one_folder_are_a_pair(tmp_path: Path) -> None:
    # Neither name nor rows say which is which here: the manifests do.
    actual, amortized = [purchase("10"), covered("0")], [covered("6"), unused("4")]
    write_run(tmp_path, actual, export="x", kind="ActualCost")
    write_run(tmp_path, amortized, export="y", kind="AmortizedCost")
    found = seen(KIND, tmp_path)
    assert found.version == "Azure cost details, actual and amortized"
    assert (found.total("billed_cost"), found.total("effective_cost")) == (10, 10)


def test_one_export_of_a_pair_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, [covered("6"), unused("4")], kind="AmortizedCost")
    with pytest.raises(BadInput, match=r"is amortized cost with reservations .* the actual cost is missing"):
        seen(KIND, tmp_path)


def test_a_month_to_date_is_overwritten_day_by_day(trueup: Trueup, tmp_path: Path) -> None:
    for day, costs in (("09", ["1"]), ("10", ["1", "2"]), ("11", ["2"])):
        folder = tmp_path / day
        write_run(folder, [line(cost) for cost in costs], submitted=f"2026-03-{day}T07:00:00Z", last_day=day)
        trueup.ingest(folder, source="azure", file_format="azure-export")
    assert trueup.live() == [("2026-03", 1)]
    assert trueup.total() == 2


def test_x_columns_can_be_kept_for_the_policy(trueup: Trueup, tmp_path: Path) -> None:
    write_run(tmp_path, [line("1")])
    trueup.ingest(tmp_path, source="azure", file_format="azure-export", settings={"key_extras": ["x_CostCenter"]})
    assert [key.extras for key in trueup.all(ChargeKey)] == [{"x_CostCenter": "CC-1"}]


def test_the_sample_folder_loads_its_newest_runs_exactly_and_once(trueup: Trueup, shared_data: Path) -> None:
    folder = shared_data / "billing" / "layouts" / "azure-focus" / "fixture"
    outcome = trueup.ingest(folder, source="azure", file_format="azure-export")
    # May has 5 rows in two files; June's second run has 5 where its first had 2.
    assert (outcome.rows_in, outcome.rows_quarantined, trueup.live()) == (10, 0, [("2026-05", 5), ("2026-06", 5)])
    assert (trueup.total(), trueup.total(Metric.EFFECTIVE)) == (Decimal("32.5"), Decimal("30.7"))
    before = trueup.figures()
    assert trueup.ingest(folder, source="azure").unchanged
    assert trueup.figures() == before
