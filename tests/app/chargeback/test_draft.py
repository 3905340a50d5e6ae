"""A draft follows the figures: drawn when they are posted, and the same whenever it is drawn again."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from app.chargeback.basis import live_basis
from app.chargeback.draft import draw
from app.chargeback.posting import lock_posting, post
from app.db.queries.chargeback import OwedSum, charged_sums, owed_sums
from app.db.queries.conditions import may_see
from app.db.queries.statements import current_statements, statement_lines, statements_in
from app.db.session import read_session, write_session
from app.domain.charge import Metric
from app.domain.money import EXACT, ZERO
from app.domain.period import Period
from app.domain.split_record import from_json
from app.domain.statement import StatementState
from tests.app.chargeback.months import MARCH, POLICY, Months, usage
from tests.app.chargeback.test_conservation import bills, policies
from tests.ingest.bills import Row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
EVER = Period(date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    found.bill(usage("search", "10", day="2026-03-02"), usage("platform", "4", day="2026-03-02"))
    return found


def by_owner(sums: list[OwedSum]) -> dict[tuple[object, ...], Decimal]:
    """Amounts by period, currency, team, pool and service, of what is not zero."""
    found: dict[tuple[object, ...], Decimal] = {}
    for each in sums:
        key = (each.billing_period_start, each.currency, each.team_id, each.pool_id, *each.keys)
        found[key] = EXACT.add(found.get(key, ZERO), each.amount)
    return {key: amount for key, amount in found.items() if amount}


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(bill=bills, policy=policies())
def test_lines_and_roll_ups_give_every_team_the_same(
    trueup: Trueup, tmp_path: Path, bill: list[Row], policy: str
) -> None:
    trueup.policy(policy)
    trueup.ingest(write_csv(tmp_path / "bill.csv", bill))
    with read_session(trueup.engine) as session:
        drafts = statements_in(session, StatementState.DRAFT)
        everybody, by = may_see(None), ("service_name",)
        in_lines = by_owner(charged_sums(session, [each.id for each in drafts], test=everybody, by=by))
        assert in_lines == by_owner(owed_sums(session, Metric.EFFECTIVE, EVER, test=everybody, by=by))
        for draft in drafts:
            kept = [replace(line, id=None) for line in statement_lines(session, draft.id)]
            drawn = draw(session, live_basis(session, draft.billing_period_start))
            assert tuple(kept) == drawn.lines
            assert from_json(draft.splits) == drawn.records


def test_a_draft_says_what_it_rests_on(months: Months) -> None:
    draft, lines = months.statement(MARCH)
    with read_session(months.trueup.engine) as session:
        basis = live_basis(session, MARCH.start)
    assert basis.applied is not None
    assert (draft.state, draft.metric, tuple(draft.loads)) == ("draft", "effective_cost", basis.loads)
    assert draft.policy_version_id == basis.applied.version
    assert len(lines) == 3
    (split,) = from_json(draft.splits)
    assert (split.pool_id, split.words) == ("platform", "evenly")
    assert split.weights == {"search": Decimal(1), "speech": Decimal(1)}


def test_posting_twice_changes_no_line(months: Months) -> None:
    before, lines = months.statement(MARCH)
    with write_session(months.trueup.engine) as session:
        lock_posting(session)
        post(session, [MARCH.start])
    after, again = months.statement(MARCH)
    assert before.id == after.id
    assert [replace(line, id=None) for line in lines] == [replace(line, id=None) for line in again]


def test_the_policy_may_draw_statements_on_billed_cost(months: Months) -> None:
    months.trueup.policy(POLICY + "statement_metric: billed_cost\n")
    months.bill(usage("search", "10", day="2026-03-02", BilledCost="7"))
    draft, (line,) = months.statement(MARCH)
    assert (draft.metric, line.exact_amount) == ("billed_cost", Decimal(7))


def test_without_a_live_load_there_is_no_draft(months: Months) -> None:
    with write_session(months.trueup.engine) as session:
        session.execute(text("UPDATE load SET state = 'superseded'"))
        lock_posting(session)
        post(session, [MARCH.start])
    with read_session(months.trueup.engine) as session:
        assert current_statements(session, MARCH.start) == {}
