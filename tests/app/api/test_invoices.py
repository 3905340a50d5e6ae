"""Invoices over the API."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.db.session import engine, write_session
from app.domain.viewer import Scope, operator
from tests.app.books import Books

CSV = (
    "InvoiceId,InvoiceIssuerName,BillingAccountId,BillingPeriodStart,BillingCurrency,Amount\n"
    "A,AWS,1000,2026-03,USD,10.02\n"
)
ITEM = {
    "invoice_id": "A",
    "invoice_issuer_name": "AWS",
    "billing_account_id": "1000",
    "billing_period_start": "2026-03",
    "billing_currency": "USD",
    "amount": "10.02",
}


@pytest.fixture
def bill(books: Books) -> None:
    books.policy()
    books.charge(date(2026, 3, 5), "10", metric="billed_cost", invoice_id="A", invoice_issuer_name="AWS",
                 billing_account_id="1000")  # fmt: skip


def post(client: TestClient, body: Any, media: str = "text/csv") -> Any:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post("/api/v1/invoices", content=content, headers={"content-type": media})


def test_a_file_is_taken_in_and_tied_to_its_bill(client: TestClient, bill: None) -> None:
    assert post(client, CSV).json() == {"totals": 1, "new": 1, "corrected": 0, "withdrawn": 0, "unchanged": 0}
    assert post(client, CSV).json()["unchanged"] == 1
    (invoice,) = client.get("/api/v1/invoices?period=2026-03").json()["invoices"]
    assert (invoice["amount"], invoice["status"], invoice["imported_from"]) == ("10.02", "Issued", "API upload")
    report = client.get("/api/v1/invoices/reconciliation?period=2026-03").json()
    (line,) = report["lines"]
    assert (line["tie"], line["invoiced"], line["billed_cost"], line["difference"], line["tolerance"]) == (
        "within_tolerance", "10.02", "10", "0.02", "1",
    )  # fmt: skip
    assert report["totals"][0]["rounding_difference"] == "0.02"
    assert client.get("/api/v1/invoices/reconciliation?period=2026-04").json()["lines"] == []


def test_a_list_is_as_good_as_a_file(client: TestClient, session: Session) -> None:
    assert post(client, [ITEM], "application/json").json()["new"] == 1
    assert post(client, CSV).json()["unchanged"] == 1
    assert post(client, [{**ITEM, "amount": "11"}], "application/json").json()["corrected"] == 1
    assert [each["amount"] for each in client.get("/api/v1/invoices?superseded=true").json()["invoices"]] == [
        "11",
        "10.02",
    ]


@pytest.mark.parametrize(
    ("body", "media", "status", "told"),
    [
        (CSV.replace("10.02", "ten"), "text/csv", 400, "row 2: Amount 'ten' is not a number"),
        (b"\xff\xfe", "text/csv", 400, "not UTF-8"),
        ("", "text/csv", 400, "API upload is empty"),
        ([{**ITEM, "billing_currency": "dollars"}], "application/json", 400, "row 1: billing_currency 'dollars'"),
        ([{**ITEM, "amount": 10.02}], "application/json", 422, "body.0.amount"),
        ([{**ITEM, "total": "1"}], "application/json", 422, "body.0.total"),
        ("[", "application/json", 422, "body"),
        ({}, "application/json", 422, "valid array"),
        ([], "application/json", 422, "at least 1 item"),
    ],
)
def test_what_cannot_be_taken_in_is_told(client: TestClient, body: Any, media: str, status: int, told: str) -> None:
    answer = post(client, body, media)
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert client.get("/api/v1/invoices").json()["invoices"] == []


@pytest.mark.parametrize("report", ["invoices", "invoices/reconciliation"])
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_both_reports_come_as_files(client: TestClient, bill: None, report: str, ending: str) -> None:
    post(client, CSV)
    answer = client.get(f"/api/v1/{report}.{ending}")
    assert answer.status_code == 200
    assert f'.{ending}"' in answer.headers["content-disposition"]
    assert client.get(f"/api/v1/{report}", headers={"if-none-match": "*"}).status_code == 304


def test_a_file_of_the_reconciliation_says_in_words_how_each_line_ends(client: TestClient, bill: None) -> None:
    post(client, CSV)
    header, line = client.get("/api/v1/invoices/reconciliation.csv?period=2026-03").text.splitlines()
    assert header == (
        "billing_period_start,invoice_issuer_name,billing_account_id,invoice_id,status,billing_currency,invoiced,"
        "billed_cost,tax,difference,tolerance,rows,rows_without_value,state,advice"
    )
    assert line == (
        "2026-03-01,AWS,1000,A,Issued,USD,10.02,10,0,0.02,1,1,0,Within tolerance,"
        "Invoice rounding difference of 0.02 USD."
    )


def test_a_file_of_invoices_can_be_taken_in_again(client: TestClient) -> None:
    post(client, CSV)
    assert post(client, client.get("/api/v1/invoices.csv").text).json()["unchanged"] == 1


def test_a_key_needs_the_scope_to_bring_bills_in(guarded: TestClient) -> None:
    def key(*scopes: Scope) -> dict[str, str]:
        with write_session(engine()) as session:
            made = create_key(session, operator(), name="x", scopes=scopes, now=datetime.now(UTC))
        return {"authorization": f"Bearer {made.text}", "content-type": "text/csv"}

    assert guarded.post("/api/v1/invoices", content=CSV, headers=key(Scope.READ_COSTS)).status_code == 403
    assert guarded.post("/api/v1/invoices", content=CSV, headers=key(Scope.WRITE_INGEST)).status_code == 200
    assert len(guarded.get("/api/v1/invoices", headers=key(Scope.READ_COSTS)).json()["invoices"]) == 1
