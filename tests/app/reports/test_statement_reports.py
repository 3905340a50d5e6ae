"""What teams owe, as statements say it: closed, else issued, else as the draft has it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.db.session import read_session
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.statement import CostType, StatementState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotFound
from app.reports.chargeback import ChargebackBlock, ChargebackReport, billing_periods, chargeback, chargeback_now
from app.reports.owed import TeamCharge
from app.reports.statement_lines import StatementLinesReport, statement_lines
from app.reports.team_statement import TeamStatement, team_statement
from tests.app.chargeback.months import APRIL, MARCH, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
OF_SPEECH = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"speech"}))
RE_ORG = POLICY.replace("{id: speech}]", "{id: speech, name: Listen}]").replace(
    "equals: speech}, team: speech", "equals: speech}, team: search"
)


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    """In March, search uses 10, speech 5 and gets 1 of credit, they share 3.01 of the platform; 2 belong to nobody."""
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    restated(found, "10")
    return found


def restated(months: Months, search: str) -> None:
    months.bill(
        usage("search", search, day="2026-03-02"),
        usage("speech", "5", day="2026-03-02"),
        usage("speech", "-1", day="2026-03-02", ChargeCategory="Credit"),
        usage("platform", "3.01", day="2026-03-02", ServiceName="Amazon EKS"),
        usage(None, "2", day="2026-03-02"),
    )


def asked(months: Months, period: Period = MARCH, viewer: Viewer | None = None, **question: Any) -> ChargebackReport:
    with read_session(months.trueup.engine) as session:
        return chargeback(session, viewer or operator(), period, **question)


def block(months: Months, period: Period = MARCH, **question: Any) -> ChargebackBlock:
    (found,) = asked(months, period, **question).blocks
    return found


def charges(found: ChargebackBlock) -> dict[str | None, TeamCharge]:
    return {each.team_id: each for each in (*found.teams, found.unallocated)}


def statement(months: Months, team: str, period: Period = MARCH, viewer: Viewer | None = None) -> TeamStatement:
    with read_session(months.trueup.engine) as session:
        return team_statement(session, viewer or operator(), period, team)


def lines(months: Months, period: Period = MARCH, viewer: Viewer | None = None, **q: Any) -> StatementLinesReport:
    with read_session(months.trueup.engine) as session:
        return statement_lines(session, viewer or operator(), period, **q)


def closed(months: Months) -> None:
    months.issue(MARCH)
    months.close(MARCH, "a month of tests")


def test_a_draft_says_what_is_charged_and_for_what(months: Months) -> None:
    report = asked(months)
    assert report.statement is not None
    assert (report.statement.state, report.statement.closed_at) == (StatementState.DRAFT, None)
    found = charges(report.blocks[0])
    assert (found["search"].total, found["search"].charged) == (Decimal("11.505"), Decimal("11.51"))
    assert (found["speech"].total, found["speech"].charged) == (Decimal("5.505"), Decimal("5.50"))
    assert report.blocks[0].charged == report.blocks[0].total == Decimal("19.01")
    assert [(part.cost_type, part.amount) for part in found["speech"].cost_types] == [
        (CostType.DIRECT, Decimal(5)),
        (CostType.SHARED, Decimal("1.505")),
        (CostType.CREDIT, Decimal(-1)),
    ]
    assert found["speech"].moved is None


def test_a_closed_month_shows_what_was_closed_and_what_has_moved_since(months: Months) -> None:
    before = block(months)
    closed(months)
    restated(months, "12")
    report = asked(months)
    assert report.statement is not None
    assert (report.statement.state, report.statement.closed_by) == (StatementState.CLOSED, "ada")
    after = report.blocks[0]
    assert (after.total, after.charged, after.moved) == (before.total, before.charged, Decimal(2))
    assert charges(after)["search"].moved == Decimal(2)
    assert charges(after)["speech"].moved == Decimal(0)
    assert block(months, state=StatementState.DRAFT).total == before.total + 2


def test_an_adjustment_is_owed_in_the_open_month_and_is_neither_direct_nor_shared(months: Months) -> None:
    closed(months)
    restated(months, "12")
    months.bill(usage("search", "100", day="2026-04-02"))
    search = charges(block(months, APRIL))["search"]
    assert (search.direct, search.shared, search.adjustments) == (Decimal(100), (), Decimal(2))
    assert (search.total, search.previous_total) == (Decimal(102), Decimal("11.505"))
    (found,) = statement(months, "search", APRIL).blocks
    assert found.charge == search
    assert [(each.direct, each.adjustments, each.total) for each in found.services if each.total] == [
        (Decimal(100), Decimal(2), Decimal(102))
    ]
    assert found.trend[-2:] == ((MARCH.start, Decimal("11.505")), (APRIL.start, Decimal(102)))


def test_a_month_with_adjustments_alone_is_a_billing_period(months: Months) -> None:
    closed(months)
    restated(months, "12")
    with read_session(months.trueup.engine) as session:
        assert billing_periods(session, operator()) == (APRIL.start, MARCH.start)
    assert block(months, APRIL).total == Decimal(2)


def test_lines_are_linked_both_ways(months: Months) -> None:
    closed(months)
    restated(months, "12")
    (adjustment,) = lines(months, APRIL).lines
    assert (adjustment.cost_type, adjustment.adjusts_period, adjustment.amount) == (
        CostType.ADJUSTMENT, MARCH.start, Decimal(2),
    )  # fmt: skip
    assert adjustment.causes is not None
    (corrected,) = [line for line in lines(months).lines if line.adjusted_by]
    assert (corrected.id, corrected.adjusted_by) == (adjustment.adjusts_line_id, (adjustment.id,))
    months.issue(APRIL)
    issued = lines(months, APRIL)
    assert issued.statement.state is StatementState.ISSUED
    (corrected,) = [line for line in lines(months).lines if line.adjusted_by]
    assert corrected.adjusted_by == (issued.lines[0].id,)  # not the draft's as well


def test_lines_add_up_to_the_report_and_come_in_pages(months: Months) -> None:
    whole = lines(months)
    assert sum(line.exact_amount for line in whole.lines) == block(months).total
    assert sum(line.amount for line in whole.lines) == block(months).charged
    first = lines(months, limit=2)
    assert first.next_after == first.lines[-1].id
    rest = lines(months, after=first.next_after)
    assert (first.lines + rest.lines, rest.next_after) == (whole.lines, None)
    assert [(record.pool_id, record.shares) for record in whole.splits] == [
        ("platform", {"search": Decimal("0.5"), "speech": Decimal("0.5")})
    ]


def test_a_limited_viewer_sees_lines_and_moves_of_its_teams_alone(months: Months) -> None:
    closed(months)
    restated(months, "12")
    found = lines(months, viewer=OF_SPEECH)
    assert {line.team_id for line in found.lines} == {"speech"}
    assert found.splits == ()
    assert found.statement.closed_by is None
    limited = block(months, viewer=OF_SPEECH)
    assert (limited.total, limited.moved) == (Decimal("5.505"), Decimal(0))
    assert limited.unallocated.total == 0
    with pytest.raises(NotFound):
        lines(months, viewer=OF_SPEECH, team_id="search")
    assert {line.team_id for line in lines(months, team_id="search").lines} == {"search"}


def test_a_closed_month_keeps_its_names_and_splits(months: Months) -> None:
    closed(months)
    months.trueup.policy(RE_ORG.replace("split: even", "split: fixed, weights: {search: 1}"))
    speech = charges(block(months))["speech"]
    assert (speech.name, speech.total, speech.moved) == ("speech", Decimal("5.505"), Decimal("-5.505"))
    assert [part.split for part in speech.shared] == ["evenly"]
    assert charges(block(months, state=StatementState.DRAFT))["search"].shared[0].split == "by fixed weights"


def test_live_figures_can_be_had_of_a_closed_month(months: Months) -> None:
    closed(months)
    restated(months, "12")
    with read_session(months.trueup.engine) as session:
        for metric, total in ((None, "21.01"), (Metric.BILLED, "21.01")):
            (found,) = chargeback_now(session, operator(), MARCH, metric).blocks
            assert found.total == Decimal(total)


def test_another_metric_is_answered_from_live_charges(months: Months) -> None:
    closed(months)
    restated(months, "12")
    report = asked(months, metric=Metric.LIST)
    assert (report.statement, report.blocks[0].total, report.blocks[0].charged) == (None, Decimal("21.01"), None)
    assert asked(months, metric=Metric.EFFECTIVE).blocks[0].total == Decimal("19.01")
    with pytest.raises(BadInput, match="drawn on effective_cost, not on list_cost"):
        asked(months, metric=Metric.LIST, state=StatementState.CLOSED)


def test_a_state_that_the_month_is_not_in_is_not_found(months: Months) -> None:
    with pytest.raises(NotFound, match="no issued statement of 2026-03"):
        asked(months, state=StatementState.ISSUED)
    with pytest.raises(NotFound, match="2026-04 has no statement yet"):
        lines(months, APRIL)


def test_charges_without_value_are_counted_once_however_many_teams_share_them(months: Months) -> None:
    months.bill(
        usage("platform", None, day="2026-03-02"), usage("platform", "2", day="2026-03-03"),
        usage("search", None, day="2026-03-02"),
    )  # fmt: skip
    assert block(months).rows_without_value == 2
    assert block(months, viewer=OF_SPEECH).rows_without_value == 1


def test_markup_and_commitment_benefit_are_parts_of_their_own(months: Months) -> None:
    months.trueup.policy(POLICY + "markup: {percent: 10, to: speech}\ncommitment_benefit: pooled\n")
    committed = {"PricingCategory": "Committed", "ContractedCost": "20"}
    months.bill(
        usage("search", "10", day="2026-03-02", **committed),
        usage("speech", "20", day="2026-03-02", PricingCategory="Standard"),
    )
    found = charges(block(months))
    assert (found["search"].direct, found["search"].commitment_benefit) == (Decimal(10), Decimal(5))
    assert (found["search"].markup, found["search"].total) == (Decimal("1.5"), Decimal("16.5"))
    assert (found["speech"].commitment_benefit, found["speech"].markup) == (Decimal(-5), Decimal("-1.5"))
    assert block(months).total == Decimal(30)
