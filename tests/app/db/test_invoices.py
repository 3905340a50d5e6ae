"""What is known of invoices, and what becomes of it when a better figure comes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.invoices import InvoiceChange, record_invoices
from app.db.tables.bills import Delivery, Source
from app.db.tables.invoices import Invoice
from app.domain.invoice import InvoiceStatus, InvoiceTotal

A = InvoiceTotal("A", "AWS", "1000", date(2026, 3, 1), "USD", Decimal("10.00"))
BARE = replace(A, invoice_id=None, amount=Decimal(3))


def known(session: Session) -> list[tuple[str | None, str, str]]:
    """Id, account and amount of every figure that counts, in the order they came."""
    statement = select(Invoice).where(Invoice.superseded_at.is_(None)).order_by(Invoice.id)
    return [(row.invoice_id, row.billing_account_id, str(row.amount)) for row in session.scalars(statement)]


def test_a_figure_is_kept_once_and_to_the_last_digit(session: Session) -> None:
    exact = replace(A, amount=Decimal("10.000000000000000000000001"))
    assert record_invoices(session, [exact, BARE], imported_from="a.csv") == (
        InvoiceChange(None, exact),
        InvoiceChange(None, BARE),
    )
    assert record_invoices(session, [exact, replace(BARE, amount=Decimal("3.00"))], imported_from="b.csv") == ()
    assert known(session) == [("A", "1000", "10.000000000000000000000001"), (None, "1000", "3")]


def test_a_corrected_figure_supersedes_the_one_before(session: Session) -> None:
    record_invoices(session, [A, BARE], imported_from="a.csv")
    better = replace(A, amount=Decimal(11))
    assert record_invoices(session, [better], imported_from="b.csv") == (InvoiceChange(A, better),)
    assert known(session) == [(None, "1000", "3"), ("A", "1000", "11")]
    old = session.scalars(select(Invoice).where(Invoice.superseded_at.is_not(None))).one()
    new = session.get_one(Invoice, old.superseded_by)
    assert (old.amount, old.imported_from, new.amount, new.imported_from) == (
        Decimal(10),
        "a.csv",
        Decimal(11),
        "b.csv",
    )


def test_a_status_is_part_of_the_figure(session: Session) -> None:
    record_invoices(session, [A], imported_from="a.csv")
    voided = replace(A, status=InvoiceStatus.VOIDED)
    assert record_invoices(session, [voided], imported_from="b.csv") == (InvoiceChange(A, voided),)


def test_an_invoice_with_an_id_is_replaced_whole(session: Session) -> None:
    other = replace(A, billing_account_id="2000")
    record_invoices(session, [A, other, replace(A, invoice_id="B")], imported_from="a.csv")
    moved = replace(A, billing_account_id="3000")
    changes = record_invoices(session, [moved], imported_from="b.csv")
    assert changes == (InvoiceChange(None, moved), InvoiceChange(A, None), InvoiceChange(other, None))
    assert known(session) == [("B", "1000", "10.00"), ("A", "3000", "10.00")]


def test_a_delivery_is_a_source_of_figures_like_any_other(session: Session) -> None:
    source = Source(name="azure", kind="focus", config={})
    session.add(source)
    session.flush()
    delivery = Delivery(source_id=source.id, sha256="", format="focus", files=[])
    session.add(delivery)
    session.flush()
    record_invoices(session, [A], imported_from="a.csv")
    better = replace(A, amount=Decimal(11))
    assert record_invoices(session, [better], delivery.id) == (InvoiceChange(A, better),)
    assert session.scalars(select(Invoice.delivery_id).where(Invoice.superseded_at.is_(None))).one() == delivery.id
    assert record_invoices(session, [], delivery.id) == ()


def test_the_database_refuses_a_second_figure_for_an_invoice_without_an_id(session: Session) -> None:
    row = {
        "invoice_issuer_name": "AWS",
        "billing_account_id": "1000",
        "billing_period_start": date(2026, 3, 1),
        "billing_currency": "USD",
        "amount": Decimal(1),
        "status": "Issued",
        "imported_from": "a.csv",
    }
    session.execute(insert(Invoice).values(row))
    with pytest.raises(IntegrityError, match="uq_invoice_current"):
        session.execute(insert(Invoice).values(row))


@pytest.mark.parametrize(("column", "value"), [("status", "Paid"), ("imported_from", None)])
def test_the_database_refuses_a_figure_of_no_known_status_or_origin(
    session: Session, column: str, value: str | None
) -> None:
    row = {
        "invoice_issuer_name": "AWS",
        "billing_account_id": "1000",
        "billing_period_start": date(2026, 3, 1),
        "billing_currency": "USD",
        "amount": Decimal(1),
        "status": "Issued",
        "imported_from": "a.csv",
    }
    with pytest.raises(IntegrityError, match="ck_invoice_"):
        session.execute(insert(Invoice).values(row | {column: value}))
