"""Charges of a basis with their owners: the same sums for posting, and for whoever looks at a basis again."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from app.chargeback.basis import Basis, live_basis
from app.chargeback.posting import lock_posting
from app.chargeback.summing import owned_costs, summed, summed_costs
from app.db.session import read_session, write_session
from app.domain.money import total
from app.domain.statement import CostType, OwnedCost
from tests.app.chargeback.months import MARCH, POLICY
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
MOVING = POLICY.replace("team: search}", "team: search, valid_to: 2026-03-15}", 1)


def usage(account: str, cost: str | None, day: str = "2026-03-02", **cells: object) -> Row:
    return focus_row(cost, day=day, **{"SubAccountId": account, "InvoiceId": "I-1", **cells})


BILL = [
    usage("search", "10", PricingCategory="Committed", ConsumedUnit="Hours", ConsumedQuantity="3"),
    usage("search", "5", "2026-03-20", PricingCategory="Standard"),
    usage("platform", "0.000000000000000000000001", InvoiceId="I-2"),
    usage("speech", "-2", ChargeClass="Correction"),
    usage("speech", "-3", ChargeCategory="Credit", PricingCategory="Standard"),
    usage("speech", "7", ChargeCategory="Tax", ServiceName=None),
    usage("speech", "4", CommitmentDiscountStatus="Unused"),
    usage("elsewhere", None),
    usage("elsewhere", "8", BillingCurrency="EUR"),
]


@pytest.fixture
def billed(trueup: Trueup, tmp_path: Path) -> Trueup:
    trueup.policy(MOVING)
    trueup.ingest(write_csv(tmp_path / "bill.csv", BILL))
    return trueup


def live(trueup: Trueup) -> tuple[Basis, tuple[OwnedCost, ...]]:
    with read_session(trueup.engine) as session:
        basis = live_basis(session, MARCH.start)
        return basis, owned_costs(session, basis)


def told(found: Iterable[OwnedCost]) -> set[tuple[object, ...]]:
    return {
        (
            each.team_id or each.pool_id,
            each.cost_type.value,
            each.pricing_category,
            each.unit,
            each.quantity,
            each.amount,
        )
        for each in found
    }


def test_costs_have_their_owner_kind_and_quantity(billed: Trueup) -> None:
    found = live(billed)[1]
    assert told(found) == {
        ("search", "direct", "Committed", "Hours", 3, 10),
        (None, "direct", "Standard", "Hours", 1, 5),  # after the rule ended
        ("platform", "direct", None, "Hours", 1, Decimal("1e-24")),
        ("speech", "refund", None, "Hours", 1, -2),
        ("speech", "credit", None, "Hours", 1, -3),  # only usage has a pricing category
        ("speech", "tax", None, "Hours", 1, 7),
        ("speech", "unused_commitment", None, "Hours", 1, 4),
        (None, "direct", None, "Hours", 1, 0),
        (None, "direct", None, "Hours", 1, 8),
    }
    assert {(each.invoice_issuer_name, each.invoice_id) for each in found} == {("AWS", "I-1"), ("AWS", "I-2")}
    assert sum(each.rows_without_value for each in found) == 1


def test_posting_sums_up_the_same(billed: Trueup) -> None:
    basis, found = live(billed)
    with write_session(billed.engine) as session:
        lock_posting(session)
        with summed(session, basis):
            assert sorted(map(str, summed_costs(session, basis))) == sorted(map(str, found))


def test_an_older_basis_gives_the_same_for_ever(billed: Trueup, tmp_path: Path) -> None:
    basis, found = live(billed)
    billed.policy(POLICY)
    billed.ingest(write_csv(tmp_path / "restated.csv", [usage("search", "11")]))
    assert told(live(billed)[1]) == {("search", "direct", None, "Hours", 1, 11)}
    with read_session(billed.engine) as session:
        assert set(owned_costs(session, basis)) == set(found)


def test_a_basis_without_loads_costs_nothing_and_one_without_a_policy_belongs_to_nobody(billed: Trueup) -> None:
    basis, found = live(billed)
    with read_session(billed.engine) as session:
        assert owned_costs(session, Basis(MARCH.start, (), basis.applied)) == ()
        nobody_s = owned_costs(session, Basis(MARCH.start, basis.loads, None))
    assert {(each.team_id, each.pool_id) for each in nobody_s} == {(None, None)}
    assert total(each.amount for each in nobody_s) == total(each.amount for each in found)
    assert {each.cost_type for each in nobody_s} >= {CostType.TAX, CostType.CREDIT}
