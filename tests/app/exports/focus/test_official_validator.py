"""The FinOps Foundation's own validator over the files that Trueup writes, outside the rules it has wrong."""

import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.domain.period import Period
from tests.app.exports.focus.conftest import Exports
from tests.app.exports.focus.test_focus_rules import SHARED
from tests.conftest import OPTIONAL
from tests.ingest.bills import write_csv
from tests.ingest.focus.rules.rows import COMPLIANT
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[4]
GUIDE = ROOT / "docs" / "focus-export.md"
INSTALLED = ROOT / ".venv" / "focus-validator" / "bin" / "focus-validator"  # scripts/focus_validator.py
# Rules of 2.2.1 that fail data which keeps them; docs/focus-export.md says how each is wrong, and who found it.
WRONG = {
    "BilledCost-C-005-C",
    "CapacityReservationStatus-C-003-C",
    "CapacityReservationStatus-C-004-C",
    "CommitmentDiscountStatus-C-004-C",
    "EffectiveCost-C-005-C",
    "InvoiceId-C-004-C",
    "InvoiceId-C-005-C",
}


@pytest.fixture(scope="session")
def validator() -> Path:
    """The validator's program."""
    found = Path(os.environ.get("TRUEUP_FOCUS_VALIDATOR", INSTALLED))
    if not found.exists():
        pytest.skip(f"{OPTIONAL}: no FOCUS validator; scripts/focus_validator.py installs it where a Python 3.12 is")
    return found


def failed(validator: Path, file: Path) -> tuple[set[str], int]:
    """The rules that a file breaks, composites aside (they say no more than their parts), and how many it keeps."""
    # It opens its own files by paths that are relative to where its packages are.
    (packages,) = (validator.parent.parent / "lib").glob("python3*/site-packages")
    report = file.with_suffix(".xml")
    which = ("--validate-version", "1.2", "--focus-dataset", "CostAndUsage", "--applicability-criteria", "ALL")
    output = ("--output-type", "unittest", "--output-destination", report)
    command = (validator, "--data-file", file, *which, *output, "--block-download")
    subprocess.run(command, cwd=packages, check=True, capture_output=True, timeout=300)
    broken, kept = set(), 0
    for case in ET.parse(report).iter("testcase"):
        rule, _, function = case.get("name", "").partition(" :: ")
        if case.find("failure") is not None and function != "Composite":
            broken.add(rule)
        kept += len(case) == 0
    return broken, kept


def test_the_validator_finds_nothing_in_a_shared_bill(
    validator: Path, trueup: Trueup, exports: Exports, tmp_path: Path
) -> None:
    trueup.policy(SHARED)
    trueup.ingest(write_csv(tmp_path / "bill.csv", COMPLIANT))
    broken, kept = failed(validator, exports.file("parquet"))
    assert broken - WRONG == set()
    assert kept > 300


def test_the_validator_finds_nothing_in_a_generated_bill(
    validator: Path, trueup: Trueup, exports: Exports, shared_data: Path
) -> None:
    trueup.policy(SHARED)
    trueup.ingest(shared_data / "billing/generated/focus_1_2_cost_and_usage_aws.csv")
    broken, kept = failed(validator, exports.file("parquet", period=Period.month(2026, 5)))
    assert broken - WRONG == set()
    assert kept > 300


def test_the_validator_sees_a_broken_file(validator: Path, trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [{**row, "RegionName": None} for row in COMPLIANT]))
    broken, _ = failed(validator, exports.file("parquet"))
    assert broken - WRONG == {"RegionName-C-005-C"}


def test_the_guide_lists_what_the_validator_has_wrong() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert [rule for rule in sorted(WRONG) if f"`{rule}`" not in guide] == []
