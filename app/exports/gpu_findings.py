"""GPU findings, and jobs, as tables."""

from collections.abc import Sequence

from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.gpu_findings import FindingRow
from app.reports.gpu_jobs import JobsReport


def gpu_findings_table(findings: Sequence[FindingRow]) -> Table:
    """Findings, one line each; amounts in `billing_currency`."""
    columns = (
        Column("id", Kind.COUNT),
        *texts("rule", "title", "subject", "state", "team_id", "node"),
        Column("starts_at", Kind.INSTANT),
        Column("ends_at", Kind.INSTANT),
        *texts("billing_currency"),
        *amounts("recoverable_capacity", "recoverable_bill"),
        *texts("action", "reason"),
        Column("exempt_until", Kind.DAY),
        *texts("changed_by"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            *(each.id, each.rule, each.title, each.subject, each.state, each.team_id, each.node),
            *(each.starts_at, each.ends_at, each.currency, each.recoverable_capacity, each.recoverable_bill),
            *(each.action, each.reason, each.exempt_until, each.changed_by),
        )
        for each in findings
    ]
    return Table("gpu findings", columns, rows)


def gpu_jobs_table(report: JobsReport) -> Table:
    """Jobs, one line per group."""
    columns = (*texts(*report.group_by), Column("jobs", Kind.COUNT), *amounts("gpu_hours", "share", "waited_gpu_hours"))
    rows: list[tuple[Cell, ...]] = [
        (*row.keys, row.jobs, row.gpu_hours, row.share, row.waited_gpu_hours) for row in report.rows
    ]
    return Table("gpu jobs", columns, rows)
