"""Of a copy of the bucket, only the newest delivery of each billing period counts, and only what its manifest names."""

from pathlib import Path

import pytest

from app.errors import BadInput
from ingest.aws.tree import newest
from ingest.files import SUFFIXES, bill_files
from tests.ingest.aws.trees import EXECUTION, export, june, report
from tests.ingest.bills import write_csv


def chosen(folder: Path) -> list[str]:
    return [file.name for file in newest(bill_files([folder], (*SUFFIXES, ".json"))).data]


def test_each_billing_period_has_its_files(tmp_path: Path) -> None:
    export(tmp_path, june("1"), june("2"))
    export(tmp_path, june("3"), month="2026-05")
    assert chosen(tmp_path) == [
        "data/BILLING_PERIOD=2026-05/x-00001.csv.gz",
        "data/BILLING_PERIOD=2026-06/x-00001.csv.gz",
        "data/BILLING_PERIOD=2026-06/x-00002.csv.gz",
    ]


def test_the_tree_may_lie_deeper(tmp_path: Path) -> None:
    export(tmp_path / "copies" / "of x", june("1"))
    assert chosen(tmp_path) == ["copies/of x/data/BILLING_PERIOD=2026-06/x-00001.csv.gz"]


def test_chunks_that_a_shrunk_month_left_behind_do_not_count(tmp_path: Path) -> None:
    export(tmp_path, june("1"), june("2"))
    export(tmp_path, june("1"))
    assert chosen(tmp_path) == ["data/BILLING_PERIOD=2026-06/x-00001.csv.gz"]


def test_of_several_executions_the_one_of_the_periods_manifest_counts(tmp_path: Path) -> None:
    export(tmp_path, june("1"), execution="20260701T120000Z-ffff")
    export(tmp_path, june("2"), execution=EXECUTION)
    assert chosen(tmp_path) == [f"data/BILLING_PERIOD=2026-06/{EXECUTION}/x-00001.csv.gz"]


def test_without_the_periods_manifest_the_last_execution_counts(tmp_path: Path) -> None:
    for execution in ("20260702T120000Z-a", "20260704T010000Z-b", "20260703T120000Z-c"):
        export(tmp_path, june("1"), execution=execution)
    (tmp_path / "metadata/BILLING_PERIOD=2026-06/x-Manifest.json").unlink()
    assert chosen(tmp_path) == ["data/BILLING_PERIOD=2026-06/20260704T010000Z-b/x-00001.csv.gz"]


def test_executions_whose_names_have_no_time_are_not_guessed_at(tmp_path: Path) -> None:
    for execution in ("a1", "b2"):
        export(tmp_path, june("1"), execution=execution)
    (tmp_path / "metadata/BILLING_PERIOD=2026-06/x-Manifest.json").unlink()
    with pytest.raises(BadInput, match=r"a1/x-Manifest.json and .*b2/x-Manifest.json do not say which is the newest"):
        chosen(tmp_path)


def test_a_missing_file_is_named_with_its_manifest(tmp_path: Path) -> None:
    export(tmp_path, june("1"), june("2"))
    (tmp_path / "data/BILLING_PERIOD=2026-06/x-00002.csv.gz").unlink()
    with pytest.raises(BadInput, match=r"x-Manifest.json names .*x-00002.csv.gz, which is not here. Copy the whole"):
        chosen(tmp_path)


def test_a_file_of_another_size_is_of_another_delivery(tmp_path: Path) -> None:
    name = "data/BILLING_PERIOD=2026-06/x-00001.csv.gz"
    export(tmp_path, june("1"), dataFiles=[{"s3Uri": f"s3://bills/exports/x/{name}", "size": 5}])
    with pytest.raises(BadInput, match=r"x-00001.csv.gz has \d+ bytes, but .*x-Manifest.json says 5"):
        chosen(tmp_path)


def test_two_exports_side_by_side_would_be_the_same_cost_twice(tmp_path: Path) -> None:
    export(tmp_path / "cur", june("1"))
    export(tmp_path / "focus", june("1"))
    with pytest.raises(BadInput, match=r"2 exports here \(cur/, focus/\)"):
        chosen(tmp_path)


def test_data_without_a_manifest_are_not_guessed_at(tmp_path: Path) -> None:
    write_csv(tmp_path / "data" / "x-00001.csv.gz", june("1"))
    with pytest.raises(BadInput, match=r"no manifest.*--format focus"):
        chosen(tmp_path)


def test_a_legacy_report_has_its_newest_assembly(tmp_path: Path) -> None:
    report(tmp_path / "r", june("1"), june("2"), assembly="0ld")
    report(tmp_path / "r", june("3"), assembly="n3w")
    assert chosen(tmp_path) == ["r/20260601-20260701/n3w/r-1.csv.gz"]
