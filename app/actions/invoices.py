"""Taking in what invoices come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.invoices import InvoiceChange, record_invoices
from app.domain.invoice import InvoiceTotal
from app.domain.invoice_file import lines_of, one_line_each, table_of
from app.domain.money import plain
from app.domain.viewer import Scope, Viewer


@dataclass(frozen=True)
class ImportedInvoices:
    """What an import changed: how many totals it held, and those that are new, corrected or withdrawn."""

    totals: int
    new: tuple[InvoiceTotal, ...]
    corrected: tuple[InvoiceChange, ...]
    withdrawn: tuple[InvoiceTotal, ...]

    @property
    def unchanged(self) -> int:
        """How many were known already, just so."""
        return self.totals - len(self.new) - len(self.corrected)


def import_invoices(session: Session, viewer: Viewer, document: str, name: str) -> ImportedInvoices:
    """Takes in the CSV `document` called `name`: a line for each invoice, or FOCUS 1.4 Invoice Detail.

    All of it or, when a row cannot be read, nothing: then BadInput tells every problem by row. The same file again
    changes nothing.
    """
    # Only now: it reads Parquet too, and a server should not start a second slower for that.
    from ingest.focus.invoice_detail import invoice_totals, is_invoice_detail  # noqa: PLC0415

    viewer.require_everything(Scope.WRITE_INGEST)
    header, rows = table_of(document, name)
    lines = lines_of(header, rows, name)
    totals = invoice_totals(lines) if is_invoice_detail(header) else one_line_each(lines, name)
    return _keep(session, viewer, totals, name)


def add_invoices(
    session: Session, viewer: Viewer, items: Sequence[dict[str, str | None]], name: str
) -> ImportedInvoices:
    """Takes in a list of invoices whose cells are texts under our names. Raises BadInput as `import_invoices` does."""
    viewer.require_everything(Scope.WRITE_INGEST)
    header = list(dict.fromkeys(key for item in items for key in item))
    lines = lines_of(header, [[item.get(key) for key in header] for item in items], name, first_row=1)
    return _keep(session, viewer, one_line_each(lines, name), name)


def _keep(session: Session, viewer: Viewer, totals: Sequence[InvoiceTotal], name: str) -> ImportedInvoices:
    changes = record_invoices(session, totals, imported_from=name)
    if changes:
        record(session, viewer, "invoices.import", name, changes=[_audited(change) for change in changes])
    return ImportedInvoices(
        totals=len(totals),
        new=tuple(each.after for each in changes if each.before is None and each.after is not None),
        corrected=tuple(each for each in changes if each.before is not None and each.after is not None),
        withdrawn=tuple(each.before for each in changes if each.after is None and each.before is not None),
    )


def _audited(change: InvoiceChange) -> dict[str, str | None]:
    """A change as the audit log keeps it."""
    known = change.after or change.before
    assert known is not None
    return {
        "invoice_id": known.invoice_id,
        "invoice_issuer_name": known.invoice_issuer_name,
        "billing_account_id": known.billing_account_id,
        "billing_period_start": known.billing_period_start.isoformat(),
        "billing_currency": known.billing_currency,
        "before": _figure(change.before),
        "after": _figure(change.after),
    }


def _figure(total: InvoiceTotal | None) -> str | None:
    return None if total is None else f"{plain(total.amount)} {total.status}"
