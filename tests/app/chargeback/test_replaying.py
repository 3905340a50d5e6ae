"""Replaying: a closed month comes out again byte for byte, whatever has happened since."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db.session import write_session
from app.domain.closing import Against
from app.domain.statement import CostType
from app.errors import NotFound, Refused
from tests.app.chargeback.months import APRIL, MARCH, MAY, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
# In the new house search's machines are speech's, and the platform is split by weights.
RE_ORG = POLICY.replace("equals: search}, team: search", "equals: search}, team: speech").replace(
    "split: even", "split: fixed, weights: {search: 1, speech: 3}"
)


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    return Months(trueup, tmp_path)


def bill(months: Months, day: str, search: str = "10.01", platform: str = "1.003") -> None:
    months.bill(usage("search", search, day=day), usage("speech", "5", day=day), usage("platform", platform, day=day))


def test_a_closed_month_replays_after_a_restated_bill_and_a_re_org(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    first = months.replay(MARCH)
    assert (first.identical, first.lines, first.from_inputs, first.from_lines) == (True, 4, (), ())
    bill(months, "2026-03-02", search="20.5", platform="0.7")
    months.trueup.policy(RE_ORG)
    assert months.replay(MARCH) == first
    assert months.owed(MARCH) == {"search": Decimal("10.51"), "speech": Decimal("5.50")}


def test_adjustments_are_replayed_with_what_caused_them(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    bill(months, "2026-03-02", search="20.5")  # caused by a bill
    bill(months, "2026-04-02")
    months.close_all(APRIL)
    adjustment = [line for line in months.statement(APRIL)[1] if line.key.cost_type is CostType.ADJUSTMENT]
    assert [(line.key.team_id, line.exact_amount) for line in adjustment] == [("search", Decimal("10.49"))]
    months.trueup.policy(RE_ORG)  # caused by a policy, for both closed months
    bill(months, "2026-05-02")
    months.close_all(MAY)
    corrected = {line.key.adjusts_period for line in months.statement(MAY)[1]} - {None}
    assert corrected == {MARCH.start, APRIL.start}
    bill(months, "2026-03-02", search="1", platform="9")
    bill(months, "2026-04-02", search="2", platform="8")
    months.trueup.policy(POLICY)
    for period in (MARCH, APRIL, MAY):
        replayed = months.replay(period)
        assert (replayed.identical, replayed.from_inputs, replayed.from_lines) == (True, (), ())


def test_closing_takes_the_adjustments_it_holds_out_of_the_draft(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    bill(months, "2026-03-02", search="20.5")
    bill(months, "2026-04-02")
    months.close_all(APRIL)
    drafted = "SELECT count(*) FROM statement_line JOIN statement ON statement.id = statement_id WHERE state = 'draft'"
    assert months.trueup.scalar(f"{drafted} AND adjusts_period IS NOT NULL") == 0


def test_a_month_that_only_corrects_others_can_be_closed(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    bill(months, "2026-03-02", search="20.5")
    assert Against.SOURCE_DELIVERED_NOTHING in months.against(APRIL)
    months.issue(APRIL)
    months.close(APRIL, "there was no use in April")
    assert months.owed(APRIL) == {"search": Decimal("10.49")}
    assert months.replay(APRIL).identical


def test_a_month_without_a_policy_replays(trueup: Trueup, tmp_path: Path) -> None:
    months = Months(trueup, tmp_path)
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    trueup.policy(POLICY)
    assert months.replay(MARCH).identical


def test_what_is_not_closed_cannot_be_replayed(months: Months) -> None:
    bill(months, "2026-03-02")
    months.issue(MARCH)
    with pytest.raises(NotFound, match="not closed"):
        months.replay(MARCH)


def tamper(months: Months, *statements: str) -> None:
    """What nobody can do but who owns the database."""
    with write_session(months.trueup.engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for each in statements:
            session.execute(text(each))


def test_an_input_that_was_tampered_with_shows_as_the_first_line_that_differs(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    tamper(months, "UPDATE charge SET effective_cost = 6 WHERE effective_cost = 5")
    found = months.replay(MARCH)
    assert not found.identical
    csv, json = found.from_inputs
    assert (csv.file, csv.line, json.file) == ("canonical.csv", 4, "canonical.json")
    assert csv.stored is not None
    assert csv.rebuilt is not None
    assert (",5,5," in csv.stored, ",6,6," in csv.rebuilt) == (True, True)
    assert found.from_lines == ()
    assert found.rebuilt_sha256 != found.sha256


def test_lines_on_record_that_were_tampered_with_show(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    tamper(months, "UPDATE statement_line SET amount = 6 WHERE amount = 5")
    found = months.replay(MARCH)
    assert (found.identical, found.from_inputs, len(found.from_lines)) == (False, (), 2)


def test_files_that_were_tampered_with_show(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    tamper(months, "DELETE FROM statement_file WHERE name = 'canonical.csv'")
    found = months.replay(MARCH)
    assert (found.identical, [each.file for each in found.from_inputs]) == (False, ["canonical.csv"])


def test_rules_of_allocation_that_are_not_known_are_refused(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    tamper(months, "UPDATE statement SET allocation_version = 99 WHERE state = 'closed'")
    with pytest.raises(Refused, match=r"version 99 of the allocation rules.*the release that closed it"):
        months.replay(MARCH)


def test_a_replay_changes_nothing(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    before = (months.trueup.figures(), months.statement(MARCH)[1])
    months.replay(MARCH)
    assert (months.trueup.figures(), months.statement(MARCH)[1]) == before


def test_a_purchase_that_comes_later_is_said_by_a_line_of_zero_and_replayed(months: Months) -> None:
    bill(months, "2026-03-02")
    months.close_all(MARCH)
    purchase = usage("search", "0", day="2026-03-02") | {"BilledCost": "100", "ChargeCategory": "Purchase"}
    months.bill(
        usage("search", "10.01", day="2026-03-02"),
        usage("speech", "5", day="2026-03-02"),
        usage("platform", "1.003", day="2026-03-02"),
        purchase,
    )
    bill(months, "2026-04-02")
    months.close_all(APRIL)
    (said,) = [line for line in months.statement(APRIL)[1] if line.key.adjusts_period == MARCH.start]
    assert (said.key.team_id, said.exact_amount, said.amount) == (None, Decimal(0), Decimal(0))
    assert months.replay(APRIL).identical
