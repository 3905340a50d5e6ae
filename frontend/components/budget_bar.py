"""A budget beside what is owed: in words, and as a bar with its thresholds."""

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from app.domain.money import plain
from app.domain.period import Period
from app.reports.budgets import BudgetReport, TeamBudget
from frontend.amounts import change_words, readable
from frontend.components.attributes import labelled, unspoken
from frontend.components.table import Row, money


def budget_card(budget: TeamBudget, report: BudgetReport) -> Component:
    """How far a team has come against its budget, and at what pace."""
    question = f"How does it stand against the budget, in {budget.currency}?"
    head = html.Div([html.H3(question), _verdict(budget)], className="card-head")
    notes = [html.P(words, className="quiet") for words in _notes(budget, report)]
    return html.Section(
        [head, html.P(budget_words(budget), className="budget-words"), budget_bar(budget), *notes],
        className="card budget",
        **labelled(question),
    )


def budget_words(budget: TeamBudget) -> str:
    """`341.00 of 400.00 USD owed (85.3%), 59.00 left`."""
    standing = budget.standing
    share = "" if standing.percent is None else f" ({plain(standing.percent)}%)"
    rest = f"{readable(abs(standing.remaining))} {'over' if standing.is_over else 'left'}"
    return f"{readable(standing.owed)} of {readable(budget.amount)} {budget.currency} owed{share}, {rest}"


def budget_bar(budget: TeamBudget) -> Component:
    """The bar, as long as the larger of budget, highest threshold and what is owed."""
    used = max(budget.standing.percent or Decimal(0), Decimal(0))
    whole = max(used, Decimal(100), budget.thresholds[-1])
    fill = html.Div(
        className=f"bar-fill{' over' if budget.standing.is_over else ''}", style={"width": _at(used, whole)}
    )
    ticks = [
        html.Span(f"{plain(each)}%", className="bar-tick", style={"left": _at(each, whole)})
        for each in budget.thresholds
    ]
    parts = [html.Div(fill, className="bar"), html.Div(ticks, className="bar-ticks")]
    return html.Div(parts, className="bar-scale", **unspoken())


def budget_cells(budget: TeamBudget | None) -> Row:
    """The cells of the column in a table: the percentage, and the amounts behind it in words."""
    if budget is None:
        return {}
    return {"budget": money(budget.standing.percent), "budget_words": budget_words(budget)}


def _at(share: Decimal, whole: Decimal) -> str:
    return f"{float(share / whole):.2%}"


def _verdict(budget: TeamBudget) -> Component:
    standing = budget.standing
    if standing.is_over:
        return html.Span("✗ Over budget", className="badge badge-bad")
    if standing.reached:
        return html.Span(f"▲ {plain(standing.reached[-1])}% reached", className="badge badge-warn")
    return html.Span("✓ Within budget", className="badge badge-good")


def _notes(budget: TeamBudget, report: BudgetReport) -> list[str]:
    before = report.period.previous_month().label
    moved = change_words(budget.change, None)
    notes = [f"{moved} on {before}, when {readable(budget.previous_owed)} was owed."]
    if budget.teams_below:
        below = "the team below it" if budget.teams_below == 1 else f"the {budget.teams_below} teams below it"
        notes.append(f"The budget is for this team and {below}; it owes {readable(budget.own)} itself.")
    if pace := budget.standing.pace:
        notes.append(_pace(budget, pace.days_so_far, report.period, pace.at_period_end, pace.budget_to_date))
    return notes


def _pace(budget: TeamBudget, so_far: int, period: Period, at_end: Decimal, to_date: Decimal) -> str:
    return (
        f"Pace: {readable(at_end)} {budget.currency} at the end of {period.label} if every day is like the"
        f" {so_far} of {period.days} so far, for which a straight line through the budget allows {readable(to_date)}."
        " It is no forecast."
    )
