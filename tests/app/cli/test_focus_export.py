"""`trueup chargeback focus PERIOD FILE`."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.app.cli.test_drivers import Typed, typed  # noqa: F401  (a fixture)
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _a_bill(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("7.5"), focus_row("2.5", ServiceName="Amazon S3")]))


def test_a_month_is_written_in_the_format_of_its_ending(typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "march.csv"
    assert typed("chargeback", "focus", "2026-03", file) == (0, f"Wrote {file}.\n", "")
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    assert header.startswith("AvailabilityZone,BilledCost,")
    assert len(rows) == 2


def test_the_version_is_the_one_asked_for(typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "march.parquet"
    code, said, _ = typed("chargeback", "focus", "2026-03", file, "--version", "1.3", "--json")
    assert (code, json.loads(said)) == (0, {"file": str(file), "version": "1.3", "closed": False})
    assert "AllocatedMethodId" in pq.read_table(file).column_names


def test_a_month_without_charges_leaves_no_file(typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    code, _, told = typed("chargeback", "focus", "2020-01", tmp_path / "empty.csv")
    assert code == 1
    assert "no charges in 2020-01" in told
    assert not (tmp_path / "empty.csv").exists()
