"""Invoices and their reconciliation as tables."""

from collections.abc import Sequence

from app.domain.reconciliation import TiedLine
from app.domain.reconciliation_advice import WORDS
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.invoices import InvoiceRow, ReconciliationReport


def invoices_table(invoices: Sequence[InvoiceRow]) -> Table:
    """Invoices, one line each; a file of these columns can be imported again."""
    columns = (
        *texts("invoice_id", "invoice_issuer_name", "billing_account_id"),
        Column("billing_period_start", Kind.DAY),
        *texts("billing_currency"),
        *amounts("amount"),
        *texts("status", "imported_from", "source"),
        Column("imported_at", Kind.INSTANT),
        Column("superseded_at", Kind.INSTANT),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.invoice_id,
            each.invoice_issuer_name,
            each.billing_account_id,
            each.billing_period_start,
            each.billing_currency,
            each.amount,
            each.status.value,
            each.imported_from,
            each.source,
            each.imported_at,
            each.superseded_at,
        )
        for each in invoices
    ]
    return Table("invoices", columns, rows)


def reconciliation_table(report: ReconciliationReport) -> Table:
    """The reconciliation, one line for each invoice or account. Lines without an invoice or charges have none."""
    columns = (
        Column("billing_period_start", Kind.DAY),
        *texts("invoice_issuer_name", "billing_account_id", "invoice_id", "status", "billing_currency"),
        *amounts("invoiced", "billed_cost", "tax", "difference", "tolerance"),
        Column("rows", Kind.COUNT),
        Column("rows_without_value", Kind.COUNT),
        *texts("state", "advice"),
    )
    name = f"reconciliation {report.span.label}" if report.span else "reconciliation"
    return Table(name, columns, [_row(line) for line in report.lines])


def _row(line: TiedLine) -> tuple[Cell, ...]:
    return (
        line.billing_period_start,
        line.invoice_issuer_name,
        " ".join(line.billing_account_ids),
        " ".join(line.invoice_ids),
        line.status.value if line.status else None,
        line.billing_currency,
        line.invoiced,
        line.billed_cost,
        line.tax,
        line.difference,
        line.tolerance,
        line.rows,
        line.rows_without_value,
        WORDS[line.tie],
        line.advice,
    )
