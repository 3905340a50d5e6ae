"""The export as files: nested Parquet, JSON of BigQuery's tools, flattened CSV. They say the same."""

import gzip
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput
from app.settings import Settings
from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import engine, rows_of
from ingest.files import bill_files
from ingest.gcp.billing_export import KIND
from ingest.gcp.json_rows import flat_rows
from ingest.kind import Opening
from tests.ingest.gcp.exports import (
    DETAILED,
    STANDARD,
    Row,
    gcp_row,
    labels,
    write_flat_csv,
    write_ndjson,
    write_parquet,
)

Lines = list[dict[str, Any]]
COMPARED = (
    *("BilledCost", "ChargeCategory", "ChargeClass", "ServiceName", "SubAccountId", "SkuId", "Tags", "x_Folders"),
    *("x_ProjectAncestry", "CommitmentDiscountId", "CommitmentDiscountStatus", "RegionId", "file_row_number"),
)
ROWS = [
    gcp_row(
        10.0,
        ("SUSTAINED_USAGE_DISCOUNT", -1.1e-7),
        ("PROMOTION", -2.5),
        labels=labels(team="search"),
        project__ancestors=[{"resource_name": "organizations/9", "display_name": "acme.com"}],
    ),
    gcp_row(
        -4.0,
        month="202607",
        usage_start_time="2026-06-20 00:00:00",
        usage_end_time="2026-06-20 01:00:00",
        adjustment_info={"id": "a", "description": 'He said: "no, amount": 5'},
    ),
    gcp_row(3.0, ("COMMITTED_USAGE_DISCOUNT", -3.0)),
]


def opened(folder: Path, *files: Path, ask: Callable[[OpenDelivery], Any] = lambda each: rows_of(each.focus)) -> Any:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    with engine(Settings(data_dir=folder, threads=2), scratch) as backend:
        found = bill_files(files, KIND.suffixes)
        return ask(KIND.open(Opening(backend, found, scratch, lambda *_: None, KIND.settings())))


def compared(rows: Lines) -> Lines:
    found = [{name: row[name] for name in COMPARED} | {"start": instant(row["ChargePeriodStart"])} for row in rows]
    return sorted(found, key=lambda row: (row["file_row_number"], row["BilledCost"]))


def instant(cell: Any) -> str:
    return str(cell)[:19].replace("T", " ")


def write_extract(folder: Path, rows: Sequence[Row]) -> Path:
    return write_ndjson(folder / "export-000000000000.json", rows)


def write_query_answer(folder: Path, rows: Sequence[Row]) -> Path:
    lines = write_extract(folder, rows).read_text().splitlines()
    (folder / "export-000000000000.json").unlink()
    target = folder / "answer.json"
    target.write_text(json.dumps([json.loads(line) for line in lines], indent=1))
    return target


def write_gzipped(folder: Path, rows: Sequence[Row]) -> Path:
    plain = write_extract(folder, rows)
    target = folder / "export.jsonl.gz"
    target.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return target


def write_dotted(folder: Path, rows: Sequence[Row]) -> Path:
    return write_flat_csv(folder / "dotted.csv", rows, DETAILED)


def write_underscored(folder: Path, rows: Sequence[Row]) -> Path:
    return write_flat_csv(folder / "underscored.csv", rows, DETAILED, joint="_")


@pytest.fixture(scope="module")
def nested(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    folder = tmp_path_factory.mktemp("nested")
    return compared(opened(folder, write_parquet(folder / "202606.parquet", ROWS)))


@pytest.mark.parametrize("write", [write_extract, write_query_answer, write_gzipped, write_dotted, write_underscored])
def test_a_flattened_export_says_what_the_nested_one_says(
    nested: Lines, tmp_path: Path, write: Callable[[Path, Sequence[Row]], Path]
) -> None:
    assert [row["BilledCost"] for row in nested] == [
        Decimal("-2.5"),
        Decimal("9.99999989"),
        Decimal(-4),
        Decimal(0),
    ]
    assert compared(opened(tmp_path, write(tmp_path, ROWS))) == nested


def test_digits_that_no_float_has_survive_in_json(tmp_path: Path) -> None:
    cost, credit = "1.123456789012345678", "-0.000000000000000001"
    row = gcp_row(0, ("DISCOUNT", 1))
    row |= {"usage_start_time": "2026-06-02 00:00:00 UTC", "usage_end_time": "2026-06-02 01:00:00 UTC"}
    text = json.dumps(row).replace('"cost": 0', f'"cost": {cost}').replace('"amount": 1', f'"amount": {credit}')
    file = tmp_path / "export.json"
    file.write_text(text)
    (found,) = opened(tmp_path, file)
    assert found["BilledCost"] == Decimal("1.123456789012345677")


def test_an_amount_that_cannot_be_read_keeps_its_row_out(tmp_path: Path) -> None:
    rows = [gcp_row(1.0), gcp_row(2.0, ("DISCOUNT", None)), gcp_row(None), gcp_row(4.0)]
    file = write_flat_csv(tmp_path / "odd.csv", rows)
    broken = file.read_text().splitlines()
    broken[4] = broken[4].replace('"[]","[]"', "").replace(",[],", ",[{'type': 'DISCOUNT'}],")
    file.write_text("\n".join(broken) + "\n")
    found = opened(tmp_path, file, ask=lambda each: rows_of(each.lines.select("file_row_number", "problem")))
    assert {row["file_row_number"]: row["problem"] for row in found}[1] == "credits"
    assert {row["file_row_number"]: row["problem"] for row in found}[2] == "cost"
    assert {row["file_row_number"]: row["problem"] for row in found}[0] is None


def test_credits_that_are_no_json_keep_their_row_out(tmp_path: Path) -> None:
    file = write_flat_csv(tmp_path / "odd.csv", [gcp_row(1.0, ("DISCOUNT", -1.0)), gcp_row(4.0)])
    file.write_text(file.read_text().replace('""type"": ""DISCOUNT""', "'type': 'DISCOUNT'"))
    found = opened(tmp_path, file, ask=lambda each: rows_of(each.lines.select("file_row_number", "problem")))
    assert {row["file_row_number"]: row["problem"] for row in found} == {0: "credits", 1: None}


def test_labels_that_are_no_json_are_no_tags(tmp_path: Path) -> None:
    file = write_flat_csv(tmp_path / "odd.csv", [gcp_row(1.0, labels=labels(team="search"))])
    file.write_text(file.read_text().replace('""', "'"))
    (row,) = opened(tmp_path, file)
    assert (row["Tags"], row["BilledCost"]) == (None, 1)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"schema": {"fields": []}}', "holds no rows"),
        ("a.json", '{"cost": 1}\n{"cost": 2', "a.json, row 2: not a JSON object"),
        ("a.json", "[1, 2", "a.json is not JSON"),
        ("a.json", '{"rows": 1}', "neither rows of BigQuery"),
        ("a.csv", "day,cost\n2026-06-01,1\n", "there is no billing_account_id, service.description, sku.id"),
        ("a.csv", "BilledCost,Cost\n1,1\n", "there is no BillingAccountId"),
        ("gcp_skus.csv", "sku_id,price\nA,1\n", "holds prices or projects and no charges"),
    ],
)
def test_what_is_no_export_is_refused_by_name(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(BadInput, match=message):
        opened(tmp_path, file)


def test_a_truncated_file_is_refused_by_name(tmp_path: Path) -> None:
    file = write_gzipped(tmp_path, ROWS)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(BadInput, match=r"export.jsonl.gz is cut off or damaged"):
        opened(tmp_path, file)


def test_two_exports_of_the_same_cost_are_not_taken_together(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "one.parquet", ROWS[:1])
    other = write_parquet(tmp_path / "other.parquet", ROWS[:1], STANDARD)
    with pytest.raises(BadInput, match="the same cost, told twice"):
        opened(tmp_path, one, other)


def test_a_price_list_with_other_columns_is_refused(tmp_path: Path) -> None:
    bill = write_parquet(tmp_path / "202606.parquet", ROWS[:1])
    prices = tmp_path / "gcp_skus.csv"
    prices.write_text("sku_id,price\nA,1\n")
    with pytest.raises(BadInput, match=r"gcp_skus.csv, row 1"):
        opened(tmp_path, bill, prices)


def test_moments_of_the_api_are_read_in_both_of_its_ways(tmp_path: Path) -> None:
    file = tmp_path / "envelope.json"
    field = {"name": "at", "type": "TIMESTAMP", "mode": "NULLABLE"}
    cells = ["1780272000123456", "1.7802720005E9"]
    rows = [{"f": [{"v": cell}]} for cell in cells]
    file.write_text(json.dumps({"schema": {"fields": [field]}, "rows": rows}))
    (source,) = bill_files([file], KIND.suffixes)
    assert [row["at"] for row in flat_rows(source)] == ["2026-06-01T00:00:00.123456Z", "2026-06-01T00:00:00.500000Z"]
