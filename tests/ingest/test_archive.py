"""The archive keeps every byte, so that a figure can be explained when the bill has long left its folder."""

import hashlib
from pathlib import Path

import pytest

from app.errors import BadInput, Conflict
from tests.ingest.bills import focus_row, write_csv, write_parquet
from tests.trueup import Trueup


def test_a_delivery_is_archived_byte_for_byte(trueup: Trueup, tmp_path: Path) -> None:
    one = write_csv(tmp_path / "bill" / "1.csv", [focus_row("1")])
    two = write_csv(tmp_path / "bill" / "part" / "2.csv.gz", [focus_row("2")])
    outcome = trueup.ingest(tmp_path / "bill")
    files = trueup.config.archive_dir / "aws" / outcome.sha256 / "files"
    for file, name in ((one, "1.csv"), (two, "part/2.csv.gz")):
        assert (files / hashlib.sha256(file.read_bytes()).hexdigest() / name).read_bytes() == file.read_bytes()


def test_files_that_swap_their_names_are_not_mixed_up(trueup: Trueup, tmp_path: Path) -> None:
    one, five = ([focus_row(cost, SkuId="x")] * 10 for cost in ("1", "5"))
    write_parquet(tmp_path / "first" / "a.parquet", one)
    write_parquet(tmp_path / "first" / "b.parquet", five)
    write_parquet(tmp_path / "second" / "a.parquet", five)
    write_parquet(tmp_path / "third" / "a.parquet", five)
    write_parquet(tmp_path / "third" / "c.parquet", one)
    for delivery in ("first", "second", "third"):
        trueup.ingest(tmp_path / delivery)
    assert trueup.total() == 60
    assert trueup.lines().totals == {"USD": 60}


def test_the_same_file_twice_in_a_delivery_is_refused(trueup: Trueup, tmp_path: Path) -> None:
    for name in ("bill.csv", "copy of bill.csv"):
        write_csv(tmp_path / "bill" / name, [focus_row("1")])
    with pytest.raises(BadInput, match=r"bill.csv and copy of bill.csv are the same file"):
        trueup.ingest(tmp_path / "bill")
    assert trueup.live() == []


def test_a_deliverys_sha256_is_that_of_its_files_digests(trueup: Trueup, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bill.csv", [focus_row("1")])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert trueup.ingest(file).sha256 == hashlib.sha256(digest.encode()).hexdigest()


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_lines_are_explained_from_the_archive_alone(trueup: Trueup, tmp_path: Path, suffix: str) -> None:
    write = write_parquet if suffix == "parquet" else write_csv
    file = write(tmp_path / f"bill.{suffix}", [focus_row("1"), focus_row("2", day="2026-04-01")])
    trueup.ingest(file)
    file.unlink()
    assert trueup.lines().totals == {"USD": 3}


def test_bytes_that_were_refused_before_are_found_under_the_name_they_have_now(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_parquet(tmp_path / "old.parquet", [focus_row("1", BillingAccountId="1000")]))
    other_account = [focus_row("2", BillingAccountId="2000")]
    with pytest.raises(Conflict):
        trueup.ingest(write_parquet(tmp_path / "first-name.parquet", other_account))
    trueup.ingest(write_parquet(tmp_path / "second-name.parquet", other_account), replace_accounts=True)
    (item,) = trueup.lines().items
    assert item.file == "second-name.parquet"
    assert item.amount == 2


def test_what_a_crash_left_half_archived_goes_with_the_next_ingest(trueup: Trueup, tmp_path: Path) -> None:
    half = trueup.config.archive_dir / "aws" / "abc.7.partial" / "files"
    half.mkdir(parents=True)
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1")]))
    assert not half.exists()
