"""Invoices, and whether the bills add up to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.invoices import as_total
from app.db.queries.invoices import billed_sums, billed_sums_of, current_invoices, invoice_rows
from app.db.tables.invoices import Invoice
from app.domain.invoice import InvoiceStatus
from app.domain.money import ZERO, total
from app.domain.period import Period
from app.domain.reconciliation import BilledSum, Tie, TiedLine, tied_lines
from app.domain.reconciliation_advice import advised
from app.domain.viewer import Viewer
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class InvoiceRow:
    """What an invoice comes to, and who says so: a file that was imported, or a delivery of a source."""

    id: int
    invoice_id: str | None
    invoice_issuer_name: str
    billing_account_id: str
    billing_period_start: date
    billing_currency: str
    amount: Decimal
    status: InvoiceStatus
    imported_from: str | None
    source: str | None
    delivery_id: int | None
    imported_at: datetime
    superseded_by: int | None
    superseded_at: datetime | None


@dataclass(frozen=True)
class ReconciliationTotal:
    """What the lines in one currency add up to.

    `billed_cost` + `rounding_difference` + `unreconciled_difference` + `invoiced_without_charges` −
    `billed_without_invoice` = `invoiced`.
    """

    billing_currency: str
    invoiced: Decimal
    billed_cost: Decimal
    rounding_difference: Decimal  # of the lines within tolerance
    unreconciled_difference: Decimal  # of those beyond it
    billed_without_invoice: Decimal
    invoiced_without_charges: Decimal
    rows: int


@dataclass(frozen=True)
class ReconciliationReport:
    """Every invoice and every live charge of the billing periods in `span`, each in exactly one line."""

    span: Period | None  # None: all there are
    lines: tuple[TiedLine, ...]
    totals: tuple[ReconciliationTotal, ...]


def invoices(
    session: Session,
    viewer: Viewer,
    span: Period | None = None,
    *,
    superseded: bool = False,
    before: int | None = None,
    limit: int = 100,
) -> tuple[InvoiceRow, ...]:
    """Invoices of the billing periods in `span`, the newest first; `superseded` ones too when asked.

    Empty for a viewer who sees only some teams: an invoice is of a whole bill.
    """
    if not sees_everything(viewer):
        return ()
    found = invoice_rows(session, span, superseded=superseded, before=before, limit=limit)
    return tuple(_row(row, source) for row, source in found)


def reconciliation(session: Session, viewer: Viewer, span: Period | None = None) -> ReconciliationReport:
    """Whether each bill of the billing periods in `span` ties to its invoice.

    Empty for a viewer who sees only some teams. Source: FOCUS 1.4, Invoice Detail, Billed Cost.
    """
    if not sees_everything(viewer):
        return ReconciliationReport(span, (), ())
    lines = _tied(current_invoices(session, span), billed_sums(session, span))
    currencies = sorted({line.billing_currency for line in lines})
    return ReconciliationReport(span, lines, tuple(_total(currency, lines) for currency in currencies))


def reconciliation_of(
    session: Session, period: Period, loads: Sequence[int], at: datetime | None
) -> tuple[TiedLine, ...]:
    """Whether the charges of `loads` tie to the invoices of a billing period, as they are or as they were known `at`.

    For reports on a whole statement, which have asked the viewer for everything.
    """
    return _tied(current_invoices(session, period, at=at), billed_sums_of(session, loads))


def _tied(invoices: Sequence[Invoice], billed: Sequence[BilledSum]) -> tuple[TiedLine, ...]:
    known = [as_total(row) for row in invoices]
    return advised(tied_lines(known, billed), known)


def _total(currency: str, lines: tuple[TiedLine, ...]) -> ReconciliationTotal:
    mine = [line for line in lines if line.billing_currency == currency]

    def of(name: str, *ties: Tie) -> Decimal:
        amounts = (getattr(line, name) for line in mine if not ties or line.tie in ties)
        return total(ZERO if amount is None else amount for amount in amounts)

    found = ReconciliationTotal(
        billing_currency=currency,
        invoiced=of("invoiced"),
        billed_cost=of("billed_cost"),
        rounding_difference=of("difference", Tie.WITHIN_TOLERANCE),
        unreconciled_difference=of("difference", Tie.OPEN, Tie.DOES_NOT_RECONCILE),
        billed_without_invoice=of("billed_cost", Tie.NO_INVOICE),
        invoiced_without_charges=of("invoiced", Tie.NO_CHARGES),
        rows=sum(line.rows for line in mine),
    )
    differences = (found.rounding_difference, found.unreconciled_difference, found.invoiced_without_charges)
    assert total([found.billed_cost, *differences]) == total([found.invoiced, found.billed_without_invoice])
    return found


def _row(row: Invoice, source: str | None) -> InvoiceRow:
    return InvoiceRow(
        id=row.id,
        invoice_id=row.invoice_id,
        invoice_issuer_name=row.invoice_issuer_name,
        billing_account_id=row.billing_account_id,
        billing_period_start=row.billing_period_start,
        billing_currency=row.billing_currency,
        amount=row.amount,
        status=InvoiceStatus(row.status),
        imported_from=row.imported_from,
        source=source,
        delivery_id=row.delivery_id,
        imported_at=row.imported_at,
        superseded_by=row.superseded_by,
        superseded_at=row.superseded_at,
    )
