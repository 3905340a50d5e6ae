"""Comments as a table."""

from app.exports.table import Cell, Column, Kind, Table, texts
from app.reports.comments import CommentsReport


def comments_table(report: CommentsReport) -> Table:
    """Comments, one line each, oldest first."""
    columns = (
        Column("id", Kind.COUNT),
        Column("written_at", Kind.INSTANT),
        *texts("author", "team", "name", "billing_currency", "cost_type", "pool", "service_name", "text"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.id,
            each.written_at,
            each.author,
            each.team_id,
            each.team_name,
            each.billing_currency,
            each.cost_type,
            each.pool_id,
            each.service_name,
            each.text,
        )
        for each in report.comments
    ]
    return Table(f"comments {report.period.label}", columns, rows)
