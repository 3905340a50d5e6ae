"""Budgets as a table."""

from app.domain.money import plain
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.budgets import BudgetReport, TeamBudget


def budgets_table(report: BudgetReport) -> Table:
    """Budgets, one line per team and currency."""
    columns = (
        *texts("team", "name", "billing_currency"),
        *amounts("budget", "owed", "remaining", "percent"),
        *texts("thresholds", "reached"),
        *amounts("own", "previous_owed", "change"),
        Column("as_of", Kind.DAY),
        *amounts("pace", "budget_to_date"),
        Column("set_at", Kind.INSTANT),
        *texts("set_by"),
    )
    rows = [_row(each, report) for each in report.budgets]
    return Table(f"budgets {report.period.label}", columns, rows)


def _row(each: TeamBudget, report: BudgetReport) -> tuple[Cell, ...]:
    standing = each.standing
    return (
        each.team_id,
        each.name,
        each.currency,
        each.amount,
        standing.owed,
        standing.remaining,
        standing.percent,
        " ".join(map(plain, each.thresholds)),
        " ".join(map(plain, standing.reached)) or None,
        each.own,
        each.previous_owed,
        each.change,
        report.as_of,
        standing.pace.at_period_end if standing.pace else None,
        standing.pace.budget_to_date if standing.pace else None,
        each.set_at,
        each.set_by,
    )
