"""The reconciliation on the data health page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from dash import html
from sqlalchemy.orm import Session

from app.db.invoices import record_invoices
from app.domain.invoice import InvoiceTotal
from app.domain.viewer import Scope, Viewer, operator
from frontend.components.invoices_card import invoices_card
from tests.app.books import Books

TODAY = date(2026, 4, 2)


@pytest.fixture
def bills(session: Session) -> None:
    books = Books(session)
    books.policy()
    for month, cost in ((1, "1"), (2, "2"), (3, "3"), (4, "4")):
        books.charge(date(2026, month, 1), cost, metric="billed_cost", invoice_issuer_name="AWS",
                     billing_account_id="1000")  # fmt: skip
    march = InvoiceTotal(None, "AWS", "1000", date(2026, 3, 1), "USD", Decimal(30))
    record_invoices(session, [march], imported_from="march.csv")


def grid(card: Any) -> Any:
    return next(each for each in card._traverse() if getattr(each, "id", None) == "table-invoices")


def test_the_newest_months_are_shown_with_words_for_how_they_end(session: Session, bills: None) -> None:
    table = grid(invoices_card(session, operator(), today=TODAY))
    assert [(row["period"], row["invoiced"], row["billed"], row["state"]) for row in table.rowData] == [
        ("2026-04", None, "4", "– No invoice yet"),
        ("2026-03", "30", "3", "✗ Does not reconcile"),
        ("2026-02", None, "2", "– No invoice yet"),
    ]
    march = table.rowData[1]
    assert march["difference"] == "27"
    assert march["href"].startswith("/trends?start=2026-03-01&end=2026-04-01&metric=billed_cost&axis=billing")
    assert table.dashGridOptions["pinnedBottomRowData"] == [
        {"period": "Total", "currency": "USD", "invoiced": "30", "billed": "9"}
    ]


def test_what_does_not_tie_is_explained_with_both_numbers(session: Session, bills: None) -> None:
    items = [each for each in invoices_card(session, operator(), today=TODAY)._traverse() if isinstance(each, html.Li)]
    (told,) = items
    assert told.children[0].children == "2026-03, AWS, 1000:"
    assert "The invoice says 30 USD, the bills 3 USD: 27 USD between them" in told.children[1]


def test_a_viewer_of_some_teams_is_shown_nothing(session: Session, bills: None) -> None:
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
    assert invoices_card(session, limited, today=TODAY).children is None
    assert invoices_card(session, operator(), today=TODAY).children is not None


def test_without_bills_there_is_no_card(session: Session) -> None:
    assert invoices_card(session, operator(), today=TODAY).children is None
