"""What the demo delivers: the same files every time, one per source and month, in several versions and formats."""

import gzip
import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.demo.company import DemoDelivery, write_company
from ingest.demo.when import months_until

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 24)
Charges = list[dict[str, Any]]


def _hashes(deliveries: Sequence[DemoDelivery], folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    assert {delivery.path for delivery in deliveries} <= {*files, *(file.parent for file in files)}
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_same_day_and_seed_give_the_same_bytes(deliveries: list[DemoDelivery], tmp_path: Path) -> None:
    again = write_company(tmp_path, today=TODAY)

    assert _hashes(again, tmp_path) == _hashes(deliveries, deliveries[0].path.parent)


def test_deliveries_arrive_source_by_source_and_the_restated_month_last(deliveries: list[DemoDelivery]) -> None:
    assert [delivery.source for delivery in deliveries] == ["aws", "gcp", "azure", "openai", "anthropic", "aws"]
    assert [delivery.path.is_dir() for delivery in deliveries] == [True] * 5 + [False]
    assert deliveries[-1].path.name == "2026-10.parquet"


def test_each_source_has_thirteen_closed_months_and_the_running_one(deliveries: list[DemoDelivery]) -> None:
    months = [f"2025-{month}" for month in (10, 11, 12)] + [f"2026-{month:02}" for month in range(1, 12)]

    for delivery in deliveries[:-1]:
        assert sorted(file.name.split(".")[0] for file in delivery.path.iterdir()) == months


def test_nothing_is_used_after_yesterday(first_pass: dict[str, Charges]) -> None:
    for charges in first_pass.values():
        last = max(row["ChargePeriodStart"] for row in charges if row["ChargeCategory"] == "Usage")
        assert last == "2026-11-23"


def test_on_the_first_of_a_month_nothing_runs_yet() -> None:
    assert [month.months_ago for month in months_until(date(2026, 3, 1))] == list(range(13, 0, -1))
    assert len(months_until(date(2026, 3, 2))[-1].days) == 1


def test_the_restated_month_adds_late_logs_and_a_credit(first_pass: dict[str, Charges], restated: Charges) -> None:
    before = [row for row in first_pass["aws"] if row["BillingPeriodStart"] == "2026-10-01"]
    added = [row for row in restated if row not in before]

    assert [row for row in before if row not in restated] == []
    assert len(restated) == len(before) + len(added)
    assert {row["ServiceName"] for row in added} == {"AmazonCloudWatch", "Credits"}
    assert sum(row["BilledCost"] for row in added) < 0


def test_there_are_enough_rows_to_be_real_and_few_enough_to_be_quick(first_pass: dict[str, Charges]) -> None:
    assert 60_000 < sum(len(charges) for charges in first_pass.values()) < 120_000


def test_aws_has_decimal_costs_and_tags_as_a_map(deliveries: list[DemoDelivery]) -> None:
    schema = pq.read_schema(deliveries[0].path / "2026-01.parquet")

    assert schema.field("BilledCost").type == pa.decimal128(38, 18)
    assert schema.field("Tags").type == pa.map_(pa.string(), pa.string())
    assert not any(pa.types.is_floating(field.type) for field in schema)


def test_gcp_bills_with_eighteen_fractional_digits(first_pass: dict[str, Charges]) -> None:
    digits = {-Decimal(row["BilledCost"]).as_tuple().exponent for row in first_pass["gcp"]}  # type: ignore[operator]

    assert max(digits) == 18


def test_azure_files_begin_with_a_byte_order_mark(deliveries: list[DemoDelivery]) -> None:
    assert all(file.read_bytes().startswith(b"\xef\xbb\xbf") for file in deliveries[2].path.iterdir())


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_amounts_are_written_plainly(deliveries: list[DemoDelivery], number: int) -> None:
    for file in deliveries[number].path.iterdir():
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        cells = {cell for line in content.decode("utf-8-sig").splitlines() for cell in line.split(",")}
        numbers = [cell for cell in cells if cell[:1].isdigit() and cell.replace(".", "").replace("E-", "").isdigit()]
        assert not any("E" in cell for cell in numbers)


def test_azure_bills_in_eur_and_everybody_else_in_usd(first_pass: dict[str, Charges]) -> None:
    currencies = {source: {row["BillingCurrency"] for row in charges} for source, charges in first_pass.items()}

    assert currencies == {source: {"EUR" if source == "azure" else "USD"} for source in first_pass}
