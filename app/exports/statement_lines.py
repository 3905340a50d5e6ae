"""The lines of a statement as a table."""

from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.statement_lines import LineRow, StatementLinesReport


def statement_lines_table(report: StatementLinesReport) -> Table:
    """One row for each line; the amounts of a currency add up to what is charged in it."""
    columns = (
        Column("id", Kind.COUNT),
        *texts("billing_currency", "invoice_issuer_name", "invoice_id", "team_id", "team_name", "cost_type"),
        *texts("pool_id", "pool_name", "split", "service_provider_name", "service_name", "unit"),
        *amounts("share", "quantity", "exact_amount", "amount"),
        *(Column(name, Kind.COUNT) for name in ("row_count", "rows_without_value")),
        Column("adjusts_period", Kind.DAY),
        *texts("adjusts_cost_type"),
        Column("adjusts_line_id", Kind.COUNT),
        *texts("adjusted_by"),
    )
    rows = [tuple(_cell(line, column.name) for column in columns) for line in report.lines]
    return Table(f"lines {report.period.label} {report.statement.state}", columns, rows)


def _cell(line: LineRow, name: str) -> Cell:
    if name == "adjusted_by":
        return " ".join(map(str, line.adjusted_by)) or None
    cell: Cell = getattr(line, name)
    return cell
