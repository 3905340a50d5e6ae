"""Keeping what invoices come to. A figure is never changed: a corrected one supersedes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text, tuple_, update
from sqlalchemy.orm import Session

from app.db.tables.invoices import Invoice
from app.domain.invoice import InvoiceStatus, InvoiceTotal


@dataclass(frozen=True)
class InvoiceChange:
    """A total that is new (nothing before), corrected, or withdrawn (nothing after)."""

    before: InvoiceTotal | None
    after: InvoiceTotal | None


def record_invoices(
    session: Session,
    totals: Sequence[InvoiceTotal],
    delivery_id: int | None = None,
    *,
    imported_from: str | None = None,
) -> tuple[InvoiceChange, ...]:
    """Keeps `totals`, each of another identity, in the caller's transaction, and says what that changed.

    They come from a delivery or from a file, whichever is given. An invoice with an id is replaced whole: what was
    known of it and is not among `totals` (another account, another period) is withdrawn. A total known already, with
    its status, stays as it is. The newest figure counts, wherever it came from.
    """
    assert (delivery_id is None) != (imported_from is None)
    if not totals:
        return ()
    # Two that record at once would each supersede what the other does not see. Readers do not wait for this lock.
    session.execute(text("LOCK TABLE invoice IN SHARE ROW EXCLUSIVE MODE"))
    current = {as_total(row).identity: row for row in _current(session, totals)}
    changed = [each for each in totals if each.identity not in current or as_total(current[each.identity]) != each]
    replaced = {each.identity: current[each.identity] for each in changed if each.identity in current}
    known = {each.identity for each in totals}
    withdrawn = [row for key, row in current.items() if key not in known]
    _supersede(session, [*replaced.values(), *withdrawn])
    for each in changed:
        row = _row(each, delivery_id, imported_from)
        session.add(row)
        session.flush()
        if each.identity in replaced:
            replaced[each.identity].superseded_by = row.id
    session.flush()
    return (
        *(InvoiceChange(as_total(replaced[e.identity]) if e.identity in replaced else None, e) for e in changed),
        *(InvoiceChange(as_total(row), None) for row in withdrawn),
    )


def as_total(row: Invoice) -> InvoiceTotal:
    """The total in a row."""
    return InvoiceTotal(
        invoice_id=row.invoice_id,
        invoice_issuer_name=row.invoice_issuer_name,
        billing_account_id=row.billing_account_id,
        billing_period_start=row.billing_period_start,
        billing_currency=row.billing_currency,
        amount=row.amount,
        status=InvoiceStatus(row.status),
    )


def _current(session: Session, totals: Sequence[InvoiceTotal]) -> Sequence[Invoice]:
    """What is known of the invoices of `totals`: those with an id whole, the others by their identity."""
    named = {(each.invoice_issuer_name, each.invoice_id) for each in totals if each.invoice_id is not None}
    bare = {each.identity[1:] for each in totals if each.invoice_id is None}
    account = (
        Invoice.invoice_issuer_name,
        Invoice.billing_account_id,
        Invoice.billing_period_start,
        Invoice.billing_currency,
    )
    statement = select(Invoice).where(
        Invoice.superseded_at.is_(None),
        or_(
            tuple_(Invoice.invoice_issuer_name, Invoice.invoice_id).in_(sorted(named)),
            Invoice.invoice_id.is_(None) & tuple_(*account).in_(sorted(bare)),
        ),
    )
    return session.scalars(statement.order_by(Invoice.id)).all()


def _supersede(session: Session, rows: Sequence[Invoice]) -> None:
    ids = [row.id for row in rows]
    session.execute(update(Invoice).where(Invoice.id.in_(ids)).values(superseded_at=func.now()))


def _row(total: InvoiceTotal, delivery_id: int | None, imported_from: str | None) -> Invoice:
    return Invoice(
        invoice_id=total.invoice_id,
        invoice_issuer_name=total.invoice_issuer_name,
        billing_account_id=total.billing_account_id,
        billing_period_start=total.billing_period_start,
        billing_currency=total.billing_currency,
        amount=total.amount,
        status=total.status.value,
        delivery_id=delivery_id,
        imported_from=imported_from,
    )
