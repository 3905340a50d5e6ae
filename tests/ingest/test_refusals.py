"""A delivery that cannot be used: one clear message with file, row and remedy, and every figure as it was."""

import csv
import gzip
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from app.errors import BadInput, TrueupError
from tests.ingest.bills import csv_text, focus_row, without, write_csv, write_parquet
from tests.ingest.conftest import Command
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

ROWS = [focus_row(str(number), day=f"2026-03-{number:02}") for number in range(1, 21)]
TEXT = csv_text(ROWS)
REMEDY = re.compile(r"(Download|Export|Check|Save|Ingest|Look|Rename|Put|Point|correct|download|export) ")


def truncated_gzip(folder: Path) -> Path:
    whole = gzip.compress(TEXT.encode())
    return written(folder / "bill.csv.gz", whole[: len(whole) // 2])


def gzip_without_its_checksum(folder: Path) -> Path:
    return written(folder / "bill.csv.gz", gzip.compress(TEXT.encode())[:-8])


def gzip_with_a_flipped_byte(folder: Path) -> Path:
    data = bytearray(gzip.compress(TEXT.encode()))
    data[-5] ^= 0xFF
    return written(folder / "bill.csv.gz", bytes(data))


def no_gzip_at_all(folder: Path) -> Path:
    return written(folder / "bill.csv.gz", TEXT.encode())


def semicolons(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", ROWS, delimiter=";")


def tabs(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", ROWS, delimiter="\t")


def no_billed_cost(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", [without(row, "BilledCost") for row in ROWS])


def no_header(folder: Path) -> Path:
    return written(folder / "bill.csv", TEXT.split("\n", 1)[1].encode())


def another_table(folder: Path) -> Path:
    return written(folder / "bill.csv", b"lineItem/UsageAmount,lineItem/UnblendedCost\n1,2\n")


def the_same_column_twice(folder: Path) -> Path:
    header, rest = TEXT.split("\n", 1)
    return written(folder / "bill.csv", f"{header.replace('ListCost', 'billedcost')}\n{rest}".encode())


def garbage_for_costs(folder: Path) -> Path:
    return write_parquet(folder / "bill.parquet", [focus_row("lots"), focus_row("more")])


def nothing_at_all(folder: Path) -> Path:
    return written(folder / "bill.csv", b"")


def nothing_but_a_header(folder: Path) -> Path:
    return written(folder / "bill.csv", TEXT.split("\n", 1)[0].encode())


def two_versions(folder: Path) -> Path:
    write_csv(folder / "bill" / "1.csv", ROWS)
    write_csv(folder / "bill" / "2.csv", [row | {"InvoiceId": "7"} for row in ROWS])
    return folder / "bill"


def two_formats(folder: Path) -> Path:
    write_csv(folder / "bill" / "1.csv", ROWS)
    write_parquet(folder / "bill" / "2.parquet", ROWS)
    return folder / "bill"


def a_bill_and_something_else(folder: Path) -> Path:
    write_csv(folder / "bill" / "1.csv", ROWS)
    written(folder / "bill" / "2.csv", b"name,city\nAda,London\n")
    return folder / "bill"


def truncated_parquet(folder: Path) -> Path:
    whole = write_parquet(folder / "bill.parquet", ROWS)
    return written(whole, whole.read_bytes()[:-100])


def damaged_parquet(folder: Path) -> Path:
    """Whole by its footer, and not by its pages."""
    whole = write_parquet(folder / "bill.parquet", ROWS)
    data = bytearray(whole.read_bytes())
    data[4:2000] = b"\xff" * 1996
    return written(whole, bytes(data))


def cut_in_a_row(folder: Path) -> Path:
    lines = TEXT.splitlines()
    return written(folder / "bill.csv", "\n".join([*lines[:10], lines[10][:40]]).encode())


def cut_in_a_quote(folder: Path) -> Path:
    rows = [*ROWS[:3], focus_row("1", ChargeDescription="one, two, three")]
    text = csv_text(rows)
    return written(folder / "bill.csv", text[: text.index(", three")].encode())


def an_unquoted_comma(folder: Path) -> Path:
    text = csv_text([focus_row("1", BillingAccountName="Acme| Inc", Tags="{}")])
    return written(folder / "bill.csv", text.replace("|", ",").encode())


def utf_16(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", ROWS, encoding="utf-16")


def latin_1(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", [*ROWS[:4], focus_row("1", ServiceName="Café")], encoding="latin-1")


def forty_five_digits(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", [focus_row("1" * 45)])


def digits_that_do_not_fit_together(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", [focus_row("1" * 20), focus_row(f"0.{'1' * 20}")])


def a_sum_that_does_not_fit(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", [focus_row("9" * 38), focus_row("9" * 38)])


def commitments_only(folder: Path) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([["ContractCommitmentId", "ContractCommitmentPeriodStart"], ["c-1", "2026-01-01"]])
    return written(folder / "bill.csv", text.getvalue().encode())


def a_name_that_is_ours(folder: Path) -> Path:
    return write_csv(folder / "bill.csv", [focus_row("1", file_row_number="7")])


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


REFUSED: dict[Callable[[Path], Path], str] = {
    truncated_gzip: r"bill\.csv\.gz is a truncated gzip file",
    gzip_without_its_checksum: r"bill\.csv\.gz is a truncated gzip file",
    gzip_with_a_flipped_byte: r"bill\.csv\.gz is a damaged gzip file",
    no_gzip_at_all: r"bill\.csv\.gz is a damaged gzip file",
    semicolons: r"bill\.csv, row 1: the columns are separated by semicolons. Export it with commas",
    tabs: r"bill\.csv, row 1: the columns are separated by tabs. Export it with commas",
    no_billed_cost: r"bill\.csv, row 1: the mandatory column BilledCost of FOCUS 1\.0 is missing",
    no_header: r"bill\.csv, row 1: ",
    another_table: r"bill\.csv, row 1: this is not a FOCUS Cost and Usage file; it lacks BilledCost",
    the_same_column_twice: r"bill\.csv, row 1: the column (BilledCost|billedcost) appears more than once",
    garbage_for_costs: r"bill\.parquet, row 1: BilledCost is 'lots', which cannot be read",
    nothing_at_all: r"bill\.csv is empty \(0 bytes\)",
    nothing_but_a_header: r"bill\.csv has a header and no rows",
    two_versions: r"2\.csv is FOCUS 1\.2 in CSV, but 1\.csv is FOCUS 1\.0 in CSV",
    two_formats: r"2\.parquet is FOCUS 1\.0 in Parquet, but 1\.csv is FOCUS 1\.0 in CSV",
    a_bill_and_something_else: r"2\.csv, row 1: this is not a FOCUS Cost and Usage file",
    truncated_parquet: r"bill\.parquet is not a whole Parquet file",
    damaged_parquet: r"bill\.parquet is damaged",
    cut_in_a_row: r"bill\.csv, row 11: \d+ cells where the header has 23",
    cut_in_a_quote: r"bill\.csv, row 5: a quote is never closed",
    an_unquoted_comma: r"bill\.csv, row 2: 24 cells where the header has 23",
    utf_16: r"bill\.csv is UTF-16. Save it as UTF-8",
    latin_1: r"bill\.csv, row 6: not UTF-8",
    forty_five_digits: r"BilledCost holds a value with more digits than can be kept exactly",
    digits_that_do_not_fit_together: r"BilledCost holds a value with more digits than can be kept exactly",
    a_sum_that_does_not_fit: r"A sum of costs has more digits than can be kept exactly",
    commitments_only: r"bill\.csv is a FOCUS Contract Commitment file: it holds no charges",
    a_name_that_is_ours: r"bill\.csv, row 1: Trueup needs the column name file_row_number for itself",
}
# Starting Python takes seconds, so not all of them.
IN_A_PROCESS_OF_ITS_OWN = (
    garbage_for_costs,
    damaged_parquet,
    truncated_gzip,
    semicolons,
    no_billed_cost,
    the_same_column_twice,
    nothing_at_all,
    two_formats,
)
each_refusal = pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)


@each_refusal
def test_it_is_refused_with_a_reason_and_changes_nothing(
    standing: Trueup, typed: Command, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    bill, before, on_record = make(tmp_path), standing.figures(), len(standing.deliveries())
    with pytest.raises(BadInput, match=REFUSED[make]) as refused:
        standing.ingest(bill)
    assert REMEDY.search(str(refused.value))
    answer = typed("ingest", "file", bill, "--source", "aws")
    assert (answer.code, answer.stdout) == (1, "")
    assert answer.stderr == f"trueup: {refused.value}\n"
    assert standing.figures() == before
    assert standing.deliveries()[on_record:] == [("refused", str(refused.value))] * 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, marks=pytest.mark.long if number > 1 else [], id=make.__name__)
        for number, make in enumerate(IN_A_PROCESS_OF_ITS_OWN)
    ],
)
def test_on_the_command_line_it_is_one_message_and_exit_code_1(
    standing: Trueup, spawned: Command, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    bill, before = make(tmp_path), standing.figures()
    answer = spawned("ingest", "file", bill, "--format", "focus", "--source", "aws")
    assert (answer.code, answer.stdout) == (1, "")
    assert re.search(REFUSED[make], answer.stderr)
    assert answer.stderr.startswith("trueup: ")
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.stderr
    assert standing.figures() == before
    assert standing.deliveries()[-1][0] == "refused"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.csv", r"nowhere\.csv does not exist. Check the path"),
        ("bill.xlsx", r"bill\.xlsx is not a \.csv, \.csv\.gz or \.parquet file. Hand over"),
        ("empty", r"holds no \.csv, \.csv\.gz or \.parquet file. Point"),
    ],
)
def test_a_path_without_a_bill_is_no_delivery(
    standing: Trueup, typed: Command, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "bill.xlsx").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    on_record, before = standing.deliveries(), standing.figures()
    answer = typed("ingest", "file", tmp_path / name, "--source", "aws")
    assert answer.code == 1
    assert re.search(message, answer.stderr)
    assert standing.figures() == before
    assert standing.deliveries() == on_record


def test_a_refused_delivery_is_no_obstacle_to_the_next(standing: Trueup, tmp_path: Path) -> None:
    with pytest.raises(TrueupError):
        standing.ingest(truncated_gzip(tmp_path), source="gcp")
    whole = write_csv(tmp_path / "bill.csv.gz", ROWS)
    standing.ingest(whole, source="gcp", allow_overlap=True)
    assert [state for state, _ in standing.deliveries("gcp")] == ["refused", "loaded"]
    assert not list(standing.config.temp_dir.iterdir())


def test_a_refused_delivery_leaves_nothing_in_the_archive(standing: Trueup, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        standing.ingest(garbage_for_costs(tmp_path), source="azure")
    assert not (standing.config.archive_dir / "azure").exists()


def test_wrong_usage_is_exit_code_2(standing: Trueup, typed: Command) -> None:
    assert typed("ingest", "file").code == 2
    assert typed("ingest", "fly").code == 2


def test_an_unknown_format_names_those_there_are(standing: Trueup, typed: Command, tmp_path: Path) -> None:
    answer = typed("ingest", "file", write_csv(tmp_path / "bill.csv", ROWS), "--format", "cur", "--source", "new")
    assert answer.code == 1
    assert answer.stderr.startswith("trueup: There is no kind of source called 'cur'. Choose from focus, aws-export, ")


def test_a_file_that_vanishes_is_said_to_have(standing: Trueup, typed: Command, tmp_path: Path) -> None:
    bill = write_csv(tmp_path / "bill" / "bill.csv", ROWS)
    shutil.rmtree(bill.parent)
    assert "does not exist" in typed("ingest", "file", bill, "--source", "aws").stderr


def test_a_parquet_without_a_mandatory_column_names_it(standing: Trueup, tmp_path: Path) -> None:
    bill = write_parquet(tmp_path / "bill.parquet", [without(ROWS[0], "EffectiveCost")], {"BilledCost": pa.string()})
    with pytest.raises(BadInput, match=r"bill\.parquet, row 1: the mandatory column EffectiveCost"):
        standing.ingest(bill)
