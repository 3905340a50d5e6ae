"""Budgets beside what is owed, for a team with the teams below it."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions.budgets import import_budgets, remove_budget, set_budgets
from app.db.session import read_session, write_session
from app.db.tables.access import AuditEntry
from app.db.tables.statements import Budget as BudgetRow
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed, NotFound
from app.reports.budgets import BudgetReport, TeamBudget, budgets
from app.reports.chargeback import chargeback
from tests.app.books import Books, a_team
from tests.app.chargeback.months import JUNE_3, MARCH, POLICY, Months, usage
from tests.trueup import Trueup

TODAY = date(2026, 3, 20)
HEADER = "team_id,period,currency,amount,thresholds\n"


def lead(*teams: str, scopes: frozenset[Scope] = frozenset({Scope.READ_COSTS, Scope.WRITE_BUDGETS})) -> Viewer:
    return Viewer("lead", scopes, frozenset(teams))


@pytest.fixture
def company(session: Session) -> Books:
    """In March ai owes 10 itself, search below it 30 and 2 yen, ranking below that 5; speech owes 100, nobody 7."""
    books = Books(session)
    books.policy(
        a_team("ai"), a_team("search", parent_id="ai"), a_team("ranking", parent_id="search"), a_team("speech")
    )
    for team, cost in (("ai", "10"), ("search", "30"), ("ranking", "5.005"), ("speech", "100"), (None, "7")):
        books.charge(date(2026, 3, 10), cost, team=team)
    books.charge(date(2026, 3, 9), "2", team="search", currency="JPY")
    books.charge(date(2026, 2, 10), "20", team="ranking")
    return books


def put(session: Session, *rows: str, viewer: Viewer | None = None) -> tuple[int, int, int]:
    done = import_budgets(session, viewer or operator("ada"), HEADER + "\n".join(rows), "b.csv")
    return done.new, done.changed, done.unchanged


def asked(session: Session, viewer: Viewer | None = None, today: date = TODAY, team: str | None = None) -> BudgetReport:
    return budgets(session, viewer or operator(), MARCH, today=today, team_id=team)


def of(report: BudgetReport) -> dict[str, TeamBudget]:
    return {f"{each.team_id} {each.currency}": each for each in report.budgets}


def test_a_budget_is_for_the_team_and_every_team_below_it(session: Session, company: Books) -> None:
    put(session, "ai,2026-03,USD,90,", "search,2026-03,USD,30,", "speech,2026-03,USD,200,")
    found = of(asked(session))
    ai, search, speech = (found[f"{team} USD"] for team in ("ai", "search", "speech"))
    assert (ai.standing.owed, ai.own, ai.teams_below) == (Decimal("45.005"), Decimal(10), 2)
    assert (ai.standing.remaining, ai.standing.reached) == (Decimal("44.995"), (Decimal(50),))
    assert (ai.previous_owed, ai.change) == (Decimal(20), Decimal("25.005"))
    assert (search.standing.owed, search.own, search.teams_below) == (Decimal("35.005"), Decimal(30), 1)
    assert search.standing.is_over
    assert (speech.standing.owed, speech.teams_below, speech.standing.percent) == (Decimal(100), 0, Decimal("50.0"))


def test_what_is_owed_is_what_the_chargeback_says(session: Session, company: Books) -> None:
    put(session, *(f"{team},2026-03,USD,1000," for team in ("ai", "search", "ranking", "speech")))
    (_, block) = chargeback(session, operator(), MARCH).blocks
    assert {each.team_id: each.own for each in asked(session).budgets} == {
        each.team_id: each.total for each in block.teams
    }
    tops = [each.standing.owed for each in asked(session).budgets if each.team_id in {"ai", "speech"}]
    assert sum(tops) == block.total - block.unallocated.total


def test_currencies_are_budgeted_apart_and_a_team_may_owe_nothing(session: Session, company: Books) -> None:
    put(session, "search,2026-03,JPY,4,", "search,2026-03,EUR,10,", "search,2026-03,USD,10,")
    found = of(asked(session, team="search"))
    assert [found[f"search {each}"].standing.owed for each in ("EUR", "JPY", "USD")] == [0, 2, Decimal("35.005")]
    assert found["search EUR"].name == "Search"


def test_the_pace_runs_to_the_last_day_with_charges_of_a_month_that_runs(session: Session, company: Books) -> None:
    put(session, "speech,2026-03,USD,200,")
    running = asked(session)
    pace = running.budgets[0].standing.pace
    assert (running.as_of, pace and pace.at_period_end) == (date(2026, 3, 10), Decimal(310))
    over = asked(session, today=date(2026, 4, 1))
    assert (over.as_of, over.budgets[0].standing.pace) == (None, None)


def test_a_new_amount_supersedes_and_the_same_again_changes_nothing(session: Session, company: Books) -> None:
    assert put(session, "ai,2026-03,USD,90,", "search,2026-03,USD,30,") == (2, 0, 0)
    assert put(session, "ai,2026-03,USD,90.00,50 80 100", "search,2026-03,USD,31,") == (0, 1, 1)
    assert put(session, "search,2026-03,USD,31,50") == (0, 1, 0)
    rows = session.scalars(select(BudgetRow).where(BudgetRow.team_id == "search").order_by(BudgetRow.id)).all()
    assert [(int(row.amount), row.superseded_at is None) for row in rows] == [(30, False), (31, False), (31, True)]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "budget.set").order_by(AuditEntry.id)).all()
    assert [entry.details["changed"] for entry in entries] == [0, 1, 1]
    changed = entries[1].details["budgets"]
    assert isinstance(changed, list)
    assert (changed[0]["amount"], changed[0]["before"]["amount"]) == ("31", "30")


def test_a_bad_row_changes_nothing(session: Session, company: Books) -> None:
    with pytest.raises(BadInput, match="row 3: the policy in force has no team 'nobody'"):
        put(session, "ai,2026-03,USD,90,", "nobody,2026-03,USD,1,")
    assert asked(session).budgets == ()


def test_a_budget_is_taken_back_and_kept_on_record(session: Session, company: Books) -> None:
    put(session, "ai,2026-03,USD,90,")
    with pytest.raises(NotFound):
        remove_budget(session, operator(), "ai", MARCH, "EUR")
    remove_budget(session, operator(), "ai", MARCH, "USD")
    assert asked(session).budgets == ()
    assert len(session.scalars(select(BudgetRow)).all()) == 1
    put(session, "ai,2026-03,USD,91,")
    assert asked(session).budgets[0].amount == 91


def test_a_viewer_of_some_teams_sees_and_sets_theirs_alone(session: Session, company: Books) -> None:
    put(session, "ai,2026-03,USD,90,", "search,2026-03,USD,30,", "speech,2026-03,USD,200,")
    seen = of(asked(session, lead("search")))
    assert list(seen) == ["search USD"]
    assert (seen["search USD"].standing.owed, seen["search USD"].set_by) == (Decimal("35.005"), None)
    assert of(asked(session))["search USD"].set_by == "ada"
    put(session, "ranking,2026-03,USD,5,", viewer=lead("search"))
    for team in ("ai", "speech"):
        with pytest.raises(BadInput, match=f"no team '{team}'"):
            put(session, f"{team},2026-03,USD,1,", viewer=lead("search"))
        with pytest.raises(NotFound):
            remove_budget(session, lead("search"), team, MARCH, "USD")
    with pytest.raises(NotAllowed, match="write:budgets"):
        set_budgets(session, lead("search", scopes=frozenset({Scope.READ_COSTS})), [], "x")


@pytest.mark.slow
def test_a_closed_month_is_held_against_what_was_closed(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    months = Months(trueup, tmp_path)
    months.bill(usage("search", "10", day="2026-03-02"))
    with write_session(trueup.engine) as session:
        put(session, "search,2026-03,USD,10,")

    def found(today: date = TODAY) -> tuple[StatementState | None, Decimal, date | None]:
        with read_session(trueup.engine) as session:
            report = asked(session, today=today)
        state = report.statement.state if report.statement else None
        return state, report.budgets[0].standing.owed, report.as_of

    assert found() == (StatementState.DRAFT, Decimal(10), date(2026, 3, 2))
    months.issue(MARCH)
    months.bill(usage("search", "12", day="2026-03-02"))
    assert found() == (StatementState.ISSUED, Decimal(10), None)
    months.issue(MARCH)
    months.close(MARCH, "a test", now=JUNE_3)
    months.bill(usage("search", "15", day="2026-03-02"))
    assert found() == (StatementState.CLOSED, Decimal(12), None)
    with read_session(trueup.engine) as session:
        april = budgets(session, operator(), Period.month(2026, 4), today=TODAY)
    assert april.budgets == ()
