"""Rates, and comparisons in the reporting currency, as tables."""

from collections.abc import Sequence

from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.currency_comparison import CurrencyComparison
from app.reports.fx import RateRow


def rates_table(rates: Sequence[RateRow]) -> Table:
    """Rates, one line each; a CSV of these columns can be imported again."""
    columns = (
        *texts("day", "base_currency", "quote_currency"),
        *amounts("rate"),
        *texts("imported_from"),
        Column("imported_at", Kind.INSTANT),
        Column("superseded_at", Kind.INSTANT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            f"{each.day:%Y-%m}" if each.monthly else each.day.isoformat(),
            each.base_currency,
            each.quote_currency,
            each.rate,
            each.imported_from,
            each.imported_at,
            each.superseded_at,
        )
        for each in rates
    ]
    return Table("rates", columns, rows)


def comparison_table(report: CurrencyComparison) -> Table:
    """A comparison, one line for each team and the unallocated; the lines add up to the report's total."""
    columns = (
        *texts("team", "name", "reporting_currency"),
        *amounts("before", "now", "change", "cost_effect", "fx_effect"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.team_id,
            each.name,
            report.currency,
            each.amounts.before,
            each.amounts.now,
            each.amounts.change,
            each.amounts.cost_effect,
            each.amounts.fx_effect,
        )
        for each in (*report.teams, report.unallocated)
    ]
    return Table(f"comparison {report.period.label} with {report.compared_with.label}", columns, rows)
