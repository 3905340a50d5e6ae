"""After closing: what moves becomes adjustments of the next open period, and nothing is lost over time."""

import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from app.chargeback.adjustments import adjust
from app.chargeback.posting import lock_posting, post
from app.db.queries.statements import statement_lines, statements_in
from app.db.session import read_session, write_session
from app.domain.money import total
from app.domain.period import Period
from app.domain.statement import CostType, StatementLine, StatementState
from tests.app.chargeback.months import APRIL, MARCH, MAY, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
REASON = "nothing else speaks against it here"
RE_ORG = POLICY.replace("equals: speech}, team: speech", "equals: speech}, team: search")


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    return Months(trueup, tmp_path)


def closed(months: Months, period: Period) -> None:
    months.issue(period)
    months.close(period, REASON)


def adjusted(months: Months, period: Period) -> list[tuple[str | None, str | None, Decimal]]:
    """Team, cost type and exact amount of the adjustments in the draft of a period."""
    lines = months.statement(period, StatementState.DRAFT)[1]
    return [
        (line.key.team_id, line.key.adjusts_cost_type, line.exact_amount)
        for line in lines
        if line.key.cost_type is CostType.ADJUSTMENT
    ]


def test_a_restated_bill_is_adjusted_in_the_next_period_before_that_has_a_bill(months: Months) -> None:
    months.bill(usage("search", "10", day="2026-03-02"), usage("platform", "2", day="2026-03-02"))
    closed(months, MARCH)
    months.bill(usage("search", "12.5", day="2026-03-02"), usage("platform", "2", day="2026-03-02"))
    assert adjusted(months, APRIL) == [("search", "direct", Decimal("2.5"))]
    statement, (line,) = months.statement(APRIL)
    before, lines = months.statement(MARCH, StatementState.CLOSED)
    now, _ = months.statement(MARCH, StatementState.DRAFT)
    assert statement.loads == []
    assert line.key.adjusts_period == MARCH.start
    assert line.adjusts_line_id == next(each.id for each in lines if each.key.cost_type is CostType.DIRECT)
    assert line.causes == {
        "loads": {"before": before.loads, "after": now.loads},
        "policy_versions": {"before": before.policy_version_id, "after": now.policy_version_id},
    }
    assert before.loads != now.loads


def test_a_bill_restated_back_leaves_no_trace(months: Months) -> None:
    for cost in ("10", "12", "10"):
        months.bill(usage("search", cost, day="2026-03-02"))
        if cost == "10" and months.bills == 1:
            closed(months, MARCH)
    assert drafted(months) == [MARCH]


def test_a_re_org_moves_cents_between_teams_in_the_next_period_alone(months: Months) -> None:
    months.bill(usage("speech", "10", day="2026-03-02"))
    closed(months, MARCH)
    months.trueup.policy(RE_ORG)
    assert adjusted(months, APRIL) == [("search", "direct", Decimal(10)), ("speech", "direct", Decimal(-10))]
    assert months.owed(MARCH) == {"speech": Decimal("10.00")}


def test_what_a_closed_period_took_moves_on_only_by_what_is_new(months: Months) -> None:
    months.bill(usage("search", "10", day="2026-03-02"))
    closed(months, MARCH)
    months.bill(usage("search", "12", day="2026-03-02"))
    first_after = months.statement(MARCH, StatementState.DRAFT)[0].loads
    closed(months, APRIL)
    assert drafted(months) == [MARCH]  # nothing is left for May, and April has no figures of its own
    months.bill(usage("search", "13", day="2026-03-02"))
    assert adjusted(months, MAY) == [("search", "direct", Decimal(1))]
    (line,) = months.statement(MAY)[1]
    assert line.causes is not None
    assert line.causes["loads"]["before"] == first_after  # type: ignore[index]


def test_a_bill_that_arrives_for_the_period_keeps_the_adjustments_in_it(months: Months) -> None:
    months.bill(usage("search", "10", day="2026-03-02"))
    closed(months, MARCH)
    months.bill(usage("search", "12", day="2026-03-02"))
    months.bill(usage("search", "100", day="2026-04-02"))
    assert months.owed(APRIL) == {"search": Decimal("102.00")}


def test_markup_on_what_moved_is_adjusted_as_markup(months: Months) -> None:
    months.trueup.policy(POLICY + "markup: {percent: 10, to: speech}\n")
    months.bill(usage("search", "10", day="2026-03-02"))
    closed(months, MARCH)
    months.bill(usage("search", "20", day="2026-03-02"))
    assert adjusted(months, APRIL) == [
        ("search", "direct", Decimal(10)),
        ("search", "markup", Decimal(1)),
        ("speech", "markup", Decimal(-1)),
    ]


def drafted(months: Months) -> list[Period]:
    """The periods that have a draft."""
    with read_session(months.trueup.engine) as session:
        drafts = statements_in(session, StatementState.DRAFT)
        return [Period.month_of(each.billing_period_start) for each in drafts]


def every_line(months: Months, *states: StatementState) -> dict[tuple[StatementState, Period], list[StatementLine]]:
    with read_session(months.trueup.engine) as session:
        return {
            (StatementState(each.state), Period.month_of(each.billing_period_start)): statement_lines(session, each.id)
            for each in statements_in(session, *states)
        }


def charged(months: Months) -> dict[str, Decimal]:
    """What closed statements and the drafts of open periods charge, by currency."""
    found = every_line(months, StatementState.CLOSED, StatementState.DRAFT)
    shut = {period for state, period in found if state is StatementState.CLOSED}
    amounts: dict[str, list[Decimal]] = {}
    for (state, period), lines in found.items():
        if state is StatementState.CLOSED or period not in shut:
            for line in lines:
                amounts.setdefault(line.key.billing_currency, []).append(line.exact_amount)
    return {currency: total(each) for currency, each in amounts.items() if total(each)}


def billed(months: Months) -> dict[str, Decimal]:
    query = text("SELECT billing_currency, sum(effective_cost) FROM monthly_cost GROUP BY 1")
    with read_session(months.trueup.engine) as session:
        return {currency: amount for currency, amount in session.execute(query) if amount}


def contents(months: Months) -> dict[object, list[str]]:
    """Every line of every statement, without the ids of lines of drafts."""
    found = every_line(months, StatementState.CLOSED, StatementState.DRAFT)
    return {
        at: [f"{line.key} {line.exact_amount} {line.amount} {line.adjusts_line_id} {line.causes}" for line in lines]
        for at, lines in found.items()
    }


def a_bill(chance: random.Random, period: Period) -> Sequence[object]:
    day = f"{period.label}-0{chance.randint(1, 9)}"
    return [
        usage(
            chance.choice(("search", "speech", "platform", "elsewhere")),
            str(Decimal(chance.randint(-(10**9), 10**9)).scaleb(-chance.randint(0, 18))),
            day=day,
            BillingCurrency=chance.choice(("USD", "JPY")),
            ServiceName=chance.choice(("Amazon EC2", "Amazon S3")),
        )
        for _ in range(chance.randint(1, 5))
    ]


@pytest.mark.parametrize("seed", [1])
def test_whatever_happens_what_was_charged_over_time_is_the_latest_bills(months: Months, seed: int) -> None:
    chance = random.Random(seed)
    periods, next_to_close = [MARCH, APRIL, MAY], 0
    for period in periods:
        months.bill(*a_bill(chance, period))  # type: ignore[arg-type]
    for _ in range(9):
        match chance.choice(("restate", "restate", "re-org", "close")):
            case "restate":
                months.bill(*a_bill(chance, chance.choice(periods)))  # type: ignore[arg-type]
            case "re-org":
                months.trueup.policy(chance.choice((POLICY, RE_ORG)) + f"# {chance.random()}\n")
            case _ if next_to_close < len(periods):
                closed(months, periods[next_to_close])
                next_to_close += 1
        assert charged(months) == billed(months)
    before = contents(months)
    with write_session(months.trueup.engine) as session:
        lock_posting(session)
        post(session, [period.start for period in periods])
        adjust(session)
    assert contents(months) == before
