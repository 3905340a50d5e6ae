"""Whether the bills add up to their invoices, from what is in the database."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.invoices import record_invoices
from app.db.tables.bills import Load
from app.db.tables.charges import Charge
from app.domain.invoice import InvoiceStatus, InvoiceTotal
from app.domain.money import total
from app.domain.period import Period
from app.domain.reconciliation import Tie
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed
from app.reports.invoices import invoices, reconciliation
from tests.app.books import Books

MARCH = date(2026, 3, 1)
A = InvoiceTotal("A", "AWS", "1000", MARCH, "USD", Decimal("100.5"))


@pytest.fixture
def bills(books: Books) -> Books:
    """March: invoice A of 100.50 with 19 of tax, 7 without an id, 3,000 yen; April: 40 of invoice B."""
    books.policy()
    billed(books, 5, "81.499999999999999999", invoice_id="A")
    billed(books, 6, "0.000000000000000001", invoice_id="A")
    billed(books, 7, "19", invoice_id="A", charge_category="Tax")
    billed(books, 8, None, invoice_id="A")
    billed(books, 9, "7", billing_account_id="2000")
    billed(books, 9, "3000", currency="JPY")
    books.charge(date(2026, 4, 1), "40", metric="billed_cost", invoice_issuer_name="AWS", billing_account_id="1000",
                 invoice_id="B")  # fmt: skip
    return books


def billed(books: Books, day: int, cost: str | None, **dimensions: Any) -> None:
    known = {"invoice_issuer_name": "AWS", "billing_account_id": "1000", "metric": "billed_cost"}
    books.charge(date(2026, 3, day), cost, **{**known, **dimensions})


def ends(session: Session, span: Period | None = None) -> list[tuple[str, str, Tie, str, str]]:
    """Period, currency, how the line ends, invoice total and billed cost."""
    report = reconciliation(session, operator(), span)
    return [
        (
            f"{line.billing_period_start:%Y-%m}",
            line.billing_currency,
            line.tie,
            str(line.invoiced),
            str(line.billed_cost),
        )
        for line in report.lines
    ]


def test_a_bill_ties_to_its_invoice_to_the_last_digit(session: Session, bills: Books) -> None:
    record_invoices(session, [A], imported_from="march.csv")
    line = next(each for each in reconciliation(session, operator()).lines if each.invoice_ids == ("A",))
    assert (line.tie, line.billed_cost, line.tax, line.difference) == (
        Tie.EXACT,
        Decimal("100.5"),
        Decimal(19),
        Decimal(0),
    )
    assert (line.rows, line.rows_without_value, line.tolerance) == (4, 1, Decimal(1))


def test_every_bill_and_every_invoice_has_its_line(session: Session, bills: Books) -> None:
    unknown = replace(A, invoice_id="C", amount=Decimal(9), billing_account_id="3000")
    yen = InvoiceTotal(None, "AWS", "1000", MARCH, "JPY", Decimal(3050))
    record_invoices(session, [A, unknown, yen], imported_from="march.csv")
    assert ends(session) == [
        ("2026-04", "USD", Tie.NO_INVOICE, "None", "40"),
        ("2026-03", "JPY", Tie.WITHIN_TOLERANCE, "3050", "3000"),
        ("2026-03", "USD", Tie.EXACT, "100.5", "100.5"),
        ("2026-03", "USD", Tie.NO_INVOICE, "None", "7"),
        ("2026-03", "USD", Tie.NO_CHARGES, "9", "None"),
    ]
    assert ends(session, Period.month(2026, 4)) == [("2026-04", "USD", Tie.NO_INVOICE, "None", "40")]


def test_the_totals_add_up_from_the_bills_to_the_invoices(session: Session, bills: Books) -> None:
    unknown = replace(A, invoice_id="C", amount=Decimal(9), billing_account_id="3000")
    off = replace(A, invoice_id="B", amount=Decimal(50), billing_period_start=date(2026, 4, 1))
    record_invoices(session, [replace(A, amount=Decimal("100.49")), unknown, off], imported_from="march.csv")
    usd = next(each for each in reconciliation(session, operator()).totals if each.billing_currency == "USD")
    assert (usd.invoiced, usd.billed_cost) == (Decimal("159.49"), Decimal("147.5"))
    assert (usd.rounding_difference, usd.unreconciled_difference) == (Decimal("-0.01"), Decimal(10))
    assert (usd.invoiced_without_charges, usd.billed_without_invoice) == (Decimal(9), Decimal(7))


def test_the_lines_hold_every_live_charge_and_no_other(session: Session, bills: Books) -> None:
    bills.supersede(MARCH)
    billed(bills, 5, "12.34", invoice_id="A")
    live = select(func.sum(Charge.billed_cost), func.sum(Charge.row_count)).join(Load, Load.id == Charge.load_id)
    cost, rows = session.execute(live.where(Load.state == "live")).one()
    report = reconciliation(session, operator())
    assert total(line.billed_cost or Decimal(0) for line in report.lines) == cost == Decimal("52.34")
    assert sum(line.rows for line in report.lines) == rows == 2
    assert [(each.billed_cost, each.rows) for each in report.totals] == [(cost, rows)]


def test_invoices_are_listed_newest_first_with_the_superseded_on_request(session: Session) -> None:
    record_invoices(session, [A], imported_from="march.csv")
    record_invoices(session, [replace(A, status=InvoiceStatus.VOIDED)], imported_from="better.csv")
    (voided,) = invoices(session, operator())
    assert (voided.status, voided.imported_from, voided.source) == ("Voided", "better.csv", None)
    newest, oldest = invoices(session, operator(), superseded=True)
    assert (newest.id, oldest.superseded_by) == (voided.id, voided.id)
    assert invoices(session, operator(), superseded=True, before=newest.id, limit=1) == (oldest,)
    assert invoices(session, operator(), Period.month(2026, 4)) == ()


def test_a_viewer_of_some_teams_sees_no_invoice(session: Session, bills: Books) -> None:
    record_invoices(session, [A], imported_from="march.csv")
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
    assert invoices(session, limited) == ()
    assert reconciliation(session, limited).lines == ()
    with pytest.raises(NotAllowed):
        reconciliation(session, Viewer("nobody", frozenset()))
