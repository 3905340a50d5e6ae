"""The journal of a billing period as a table, in the columns of a general ledger."""

from app.exports.journal_layouts import LAYOUTS, Layout, Line
from app.exports.table import Table
from app.reports.journal import JournalReport


def journal_table(report: JournalReport, layout: Layout = Layout.GENERIC) -> Table:
    """One row for each entry of every journal; debits and credits of a journal add up to the same."""
    columns = LAYOUTS[layout]
    memo = f"Cloud chargeback {report.period.label}"
    lines = [
        Line(journal, report.date, memo, number, entry)
        for journal in report.journals
        for number, entry in enumerate(journal.entries, start=1)
    ]
    rows = [tuple(value(line) for value in columns.values()) for line in lines]
    kind = "" if layout is Layout.GENERIC else f" {layout.value}"
    return Table(f"journal{kind} {report.period.label} {report.statement.state}", tuple(columns), rows)
