"""A budget on the team's page and in the chargeback table."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.actions.budgets import set_budgets
from app.domain.period import Period
from app.domain.viewer import operator
from app.reports.budgets import BudgetReport, budgets
from app.reports.chargeback import chargeback
from frontend.components.budget_bar import budget_card, budget_cells, budget_words
from frontend.components.chargeback_table import chargeback_table
from tests.app.books import Books, a_team

MARCH = Period.month(2026, 3)


def report(session: Session, amount: str) -> BudgetReport:
    row = {"team_id": "ai", "period": "2026-03", "currency": "USD", "amount": amount, "thresholds": "50,80,150"}
    set_budgets(session, operator(), [row], "test")
    return budgets(session, operator(), MARCH, today=date(2026, 3, 12))


def parts(component: Any, class_name: str) -> list[Any]:
    found = [component, *component._traverse()]
    return [each for each in found if (getattr(each, "className", None) or "").split(" ")[0] == class_name]


def words(component: Any) -> str:
    """All that is written in a component, in its order."""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return "".join(map(words, component))
    return words(getattr(component, "children", None) or "")


@pytest.fixture
def books(session: Session) -> Books:
    """Ai owes 10 in March, search below it 90."""
    found = Books(session)
    found.policy(a_team("ai"), a_team("search", parent_id="ai"))
    found.charge(date(2026, 3, 10), "10", team="ai")
    found.charge(date(2026, 3, 10), "90", team="search")
    return found


def test_a_card_says_in_words_what_its_bar_shows(session: Session, books: Books) -> None:
    found = report(session, "125")
    (budget,) = found.budgets
    card = budget_card(budget, found)
    assert budget_words(budget) == "100.00 of 125.00 USD owed (80%), 25.00 left"
    assert parts(card, "badge")[0].children == "▲ 80% reached"
    assert parts(card, "bar-fill")[0].style == {"width": "53.33%"}  # the bar ends at the highest threshold, 150 %
    assert [each.style["left"] for each in parts(card, "bar-tick")] == ["33.33%", "53.33%", "100.00%"]
    assert "this team and the team below it; it owes 10.00 itself." in words(card)
    assert "Pace: 310.00 USD at the end of 2026-03 if every day is like the 10 of 31 so far" in words(card)
    assert "a straight line through the budget allows 40.32. It is no forecast." in words(card)


@pytest.mark.parametrize(
    ("amount", "verdict", "said"),
    [
        ("80", "✗ Over budget", "100.00 of 80.00 USD owed (125%), 20.00 over"),
        ("1000", "✓ Within budget", "100.00 of 1,000.00 USD owed (10%), 900.00 left"),
        ("0", "✗ Over budget", "100.00 of 0.00 USD owed, 100.00 over"),
    ],
)
def test_the_verdict_is_a_sign_and_words(session: Session, books: Books, amount: str, verdict: str, said: str) -> None:
    found = report(session, amount)
    card = budget_card(found.budgets[0], found)
    assert parts(card, "badge")[0].children == verdict
    assert budget_words(found.budgets[0]) == said
    assert ("over" in parts(card, "bar-fill")[0].className) == (verdict == "✗ Over budget")


def test_the_table_has_a_column_of_budgets_if_there_are_any(session: Session, books: Books) -> None:
    owed = chargeback(session, operator(), MARCH)
    (block,) = owed.blocks

    def grid(found: BudgetReport | None) -> Any:
        table = chargeback_table(owed, block, budgeted=found.in_currency("USD") if found else None)
        return next(each for each in table._traverse() if getattr(each, "id", None) == "table-chargeback-USD")

    with_budgets = grid(report(session, "125"))
    assert "Budget used" in [each["headerName"] for each in with_budgets.columnDefs]
    assert [(row["team"].strip(), row.get("budget"), row.get("budget_words")) for row in with_budgets.rowData] == [
        ("Ai", "80", "100.00 of 125.00 USD owed (80%), 25.00 left"), ("Search", None, None),
        ("Unallocated", None, None),
    ]  # fmt: skip
    assert "budget" not in [each["field"] for each in grid(None).columnDefs]
    assert budget_cells(None) == {}
