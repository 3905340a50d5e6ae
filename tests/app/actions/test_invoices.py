"""Taking in what invoices come to."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actions.invoices import add_invoices, import_invoices
from app.db.tables.access import AuditEntry
from app.db.tables.invoices import Invoice
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed

ADA = operator("ada")
MARCH = """InvoiceId,InvoiceIssuerName,BillingAccountId,BillingPeriodStart,BillingCurrency,Amount
A,AWS,1000,2026-03,USD,10.00
B,AWS,1000,2026-03,USD,5
"""
DETAIL = """\
BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,InvoiceId,InvoiceIssuerName,InvoiceIssueStatus
10,1000,USD,2026-03-01,A,AWS,Issued
0.5,1000,USD,2026-03-01,A,AWS,Issued
99,1000,USD,2026-03-01,A,AWS,Voided
"""


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Invoice)) or 0


def test_the_same_file_again_changes_nothing_and_is_not_audited(session: Session) -> None:
    assert len(import_invoices(session, ADA, MARCH, "march.csv").new) == 2
    again = import_invoices(session, ADA, MARCH, "march.csv")
    assert (again.totals, again.unchanged, again.new, again.corrected) == (2, 2, (), ())
    assert count(session) == 2
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_a_correction_leaves_an_audit_entry_with_both_figures(session: Session) -> None:
    import_invoices(session, ADA, MARCH, "march.csv")
    imported = import_invoices(session, ADA, MARCH.replace("10.00", "10.01"), "better.csv")
    assert [(each.before.amount, each.after.amount) for each in imported.corrected if each.before and each.after] == [
        (Decimal("10.00"), Decimal("10.01"))
    ]
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.target) == ("ada", "invoices.import", "better.csv")
    (change,) = entry.details["changes"]
    assert (change["invoice_id"], change["before"], change["after"]) == ("A", "10 Issued", "10.01 Issued")


def test_one_bad_row_keeps_every_row_out(session: Session) -> None:
    with pytest.raises(BadInput, match=r"row 3: Amount 'five' is not a number"):
        import_invoices(session, ADA, MARCH.replace("USD,5", "USD,five"), "march.csv")
    assert count(session) == 0


def test_invoice_detail_is_summed_by_invoice_without_what_was_voided(session: Session) -> None:
    (total,) = import_invoices(session, ADA, DETAIL, "detail.csv").new
    assert (total.invoice_id, total.amount, total.status) == ("A", Decimal("10.5"), "Issued")


def test_a_list_says_which_item_cannot_be_read(session: Session) -> None:
    item = {
        "invoice_id": None,
        "invoice_issuer_name": "AWS",
        "billing_account_id": "1000",
        "billing_period_start": "2026-03",
        "billing_currency": "USD",
        "amount": "1",
        "status": None,
    }
    with pytest.raises(BadInput, match=r"row 2: billing_period_start 'x' is not a month"):
        add_invoices(session, ADA, [item, {**item, "billing_period_start": "x"}], "API upload")
    assert len(add_invoices(session, ADA, [item], "API upload").new) == 1
    with pytest.raises(BadInput):
        add_invoices(session, ADA, [], "API upload")


def test_only_who_may_bring_bills_in_and_sees_all_can_import(session: Session) -> None:
    for viewer in (
        Viewer("reader", frozenset({Scope.READ_COSTS})),
        Viewer("lead", frozenset({Scope.WRITE_INGEST}), frozenset({"ai"})),
    ):
        with pytest.raises(NotAllowed, match="write:ingest"):
            import_invoices(session, viewer, MARCH, "march.csv")
