"""FOCUS's own rules over the files that Trueup writes, as Trueup judges a bill by them (ingest/focus/rules)."""

from pathlib import Path

import pytest

from app.domain.focus import FocusVersion
from app.domain.period import Period
from ingest.demo.company import POLICY as DEMO_POLICY
from ingest.demo.company import write_company
from tests.app.exports.focus.conftest import Exports
from tests.ingest.bills import write_csv
from tests.ingest.demo.conftest import TODAY
from tests.ingest.focus.rules.rows import COMPLIANT, judged
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).resolve().parents[4] / "docs" / "focus-export.md"
SHARED = """
name: everything is shared
teams: [{id: search}, {id: speech}, {id: data}]
pools: [{id: all, name: All, split: even}]
rules: [{name: All, when: {column: billing_currency, present: true}, pool: all}]
"""
# What no bill of the demo says, of those in a version before FOCUS 1.2 or with a quantity of 0; docs/focus-export.md.
NOT_SAID = {
    "BillingAccountType-C-005-C",
    "CommitmentDiscountQuantity-C-005-C",
    "ContractedUnitPrice-C-006-C",
    "PricingCurrencyContractedUnitPrice-C-005-C",
    "ServiceSubcategory-C-002-M",
    "SubAccountType-C-005-C",
}
# The prices of a charge that is priced in another currency than it is billed in.
NOT_KEPT = {"PricingCurrencyContractedUnitPrice-C-005-C", "PricingCurrencyListUnitPrice-C-005-C"}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("version", FocusVersion)
def test_of_a_bill_that_keeps_every_rule_the_export_keeps_every_rule(
    trueup: Trueup, exports: Exports, tmp_path: Path, ending: str, version: FocusVersion
) -> None:
    trueup.policy(SHARED)
    trueup.ingest(write_csv(tmp_path / "bill.csv", COMPLIANT))
    file = exports.file(ending, version)
    assert judged(tmp_path / "judged", file) == ()
    assert len(exports.rows(version)) == 3 * len(COMPLIANT)


@pytest.mark.parametrize("version", FocusVersion)
def test_of_a_generated_bill_the_export_lacks_prices_in_another_currency(
    trueup: Trueup, exports: Exports, shared_data: Path, tmp_path: Path, version: FocusVersion
) -> None:
    trueup.policy(SHARED)
    trueup.ingest(shared_data / "billing/generated/focus_1_2_cost_and_usage_aws.csv")
    found = judged(tmp_path / "judged", exports.file("parquet", version, period=Period.month(2026, 5)))
    assert {each.requirement for each in found} == NOT_KEPT


def test_the_demo_breaks_what_its_bills_do_not_say_and_nothing_else(
    trueup: Trueup, exports: Exports, tmp_path: Path
) -> None:
    trueup.policy(Path(DEMO_POLICY).read_text(encoding="utf-8"))
    for delivery in write_company(tmp_path / "acme", today=TODAY):
        path = delivery.path
        trueup.ingest(next(path.glob("2026-10.*")) if path.is_dir() else path, source=delivery.source)
    file = exports.file("parquet", period=Period.month(2026, 10))
    assert {each.requirement for each in judged(tmp_path / "judged", file)} == NOT_SAID


def test_the_guide_lists_what_cannot_hold() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert [rule for rule in sorted(NOT_SAID | NOT_KEPT) if f"`{rule}`" not in guide] == []
