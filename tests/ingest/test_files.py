"""Bill files on disk: how they may be packed, and which are left alone."""

import gzip
from pathlib import Path

import pytest

from app.errors import BadInput
from ingest.files import bill_files, csv_header
from tests.ingest.bills import csv_text, focus_row, write_csv, write_parquet
from tests.trueup import Trueup

BOM = "\ufeff"


def test_a_byte_order_mark_is_no_part_of_the_first_column(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1.5")], encoding="utf-8-sig"))
    assert trueup.total() == 1.5
    (item,) = trueup.lines().items
    assert item.values["billed_cost"] == "1.5"


def test_a_gzipped_bill_is_the_bill(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "BILL.CSV.GZ", [focus_row("1.5"), focus_row("2")], encoding="utf-8-sig"))
    assert trueup.total() == 3.5
    assert [item.file for item in trueup.lines().items] == ["BILL.CSV.GZ"] * 2


def test_a_gzip_of_several_members_is_read_to_its_end(trueup: Trueup, tmp_path: Path) -> None:
    header, *rows = csv_text([focus_row("1"), focus_row("2"), focus_row("4")]).splitlines(keepends=True)
    members = [gzip.compress(part.encode()) for part in (header + rows[0], rows[1], rows[2])]
    (tmp_path / "bill.csv.gz").write_bytes(b"".join(members) + b"\0" * 512)  # some writers pad with zeros
    trueup.ingest(tmp_path / "bill.csv.gz")
    assert trueup.total() == 7


def test_quoted_commas_quotes_and_newlines_stay_in_their_cell(trueup: Trueup, tmp_path: Path) -> None:
    rows = [
        focus_row("1", ServiceName='Amazon "EC2", Linux', ChargeDescription="first\r\nsecond\n\nthird"),
        focus_row("2", ChargeDescription="the row after"),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert trueup.costs("service_name") == {"USD": {'Amazon "EC2", Linux': 1, "Amazon EC2": 2}}
    first, second = trueup.lines().items
    assert first.values["charge_description"] == "first\r\nsecond\n\nthird"
    assert (first.row_number, second.row_number) == (2, 3)


def test_lines_may_end_as_on_windows_and_the_last_one_not_at_all(trueup: Trueup, tmp_path: Path) -> None:
    text = csv_text([focus_row("1"), focus_row("2")]).replace("\n", "\r\n").rstrip()
    (tmp_path / "bill.csv").write_text(text, newline="")
    trueup.ingest(tmp_path / "bill.csv")
    assert trueup.total() == 3


def test_letters_of_every_language_are_kept(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1", ServiceName="Größe 計算 🚀")]))
    assert trueup.costs("service_name") == {"USD": {"Größe 計算 🚀": 1}}
    assert trueup.lines(filters=["service_name:Größe 計算 🚀"]).totals == {"USD": 1}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_may_have_any_name(trueup: Trueup, tmp_path: Path, suffix: str) -> None:
    write = write_parquet if suffix == ".parquet" else write_csv
    file = write(tmp_path / f"bill [1] (it's *new*) {suffix}", [focus_row("1"), focus_row("oops")])
    trueup.ingest(file)
    assert [item.file for item in trueup.lines().items] == [file.name]
    assert trueup.quarantined() == [(file.name, 3 if suffix == ".csv" else 2, "BilledCost", "oops")]


def test_a_folder_is_one_delivery_of_its_bills_alone(trueup: Trueup, tmp_path: Path) -> None:
    folder = tmp_path / "bill"
    write_csv(folder / "b.csv", [focus_row("1")])
    write_csv(folder / "a" / "a.csv.gz", [focus_row("2")])
    (folder / "manifest.json").write_text("{}")
    write_csv(folder / ".cache" / "old.csv", [focus_row("100")])
    write_csv(folder / ".hidden.csv", [focus_row("100")])
    trueup.ingest(folder)
    assert trueup.total() == 3
    assert [file.name for file in bill_files([folder])] == ["a/a.csv.gz", "b.csv"]
    assert {item.file for item in trueup.lines().items} == {"a/a.csv.gz", "b.csv"}


def test_two_files_of_one_name_are_not_confused(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "1" / "bill.csv", [focus_row()])
    other = write_csv(tmp_path / "2" / "bill.csv", [focus_row()])
    with pytest.raises(BadInput, match=r"Two files are called bill\.csv"):
        bill_files([one, other])
    assert [file.name for file in bill_files([one, one])] == ["bill.csv"]


def test_a_folder_without_a_bill_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(BadInput, match=r"holds no \.csv, \.csv\.gz or \.parquet file"):
        bill_files([tmp_path])


def test_a_header_is_trimmed_and_its_later_rows_do_not_spoil_it(tmp_path: Path) -> None:
    (tmp_path / "bill.csv").write_bytes(b" BilledCost , ServiceName\n1,caf\xe9\n")
    assert csv_header(tmp_path / "bill.csv", "bill.csv") == ("BilledCost", "ServiceName")
