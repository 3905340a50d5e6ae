"""`GET /costs`, as scripts and finance tools rely on it."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.app.books import Books, a_team

MARCH = "/api/v1/costs?start=2026-03&end=2026-04"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def bill(books: Books) -> None:
    books.policy(a_team("search"), a_team("speech"))
    books.charge(date(2026, 3, 5), "100.50", team="search", service_name="EC2")
    books.charge(date(2026, 3, 6), "0.000000000000000001", service_name="=cmd()")
    books.charge(date(2026, 3, 7), None, service_name="Support")
    books.charge(date(2026, 3, 7), "3", service_name="EC2", currency="EUR")


def get(client: TestClient, url: str, **headers: str) -> Any:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_answer_has_one_block_per_currency_and_plain_amounts(client: TestClient) -> None:
    assert get(client, f"{MARCH}&group_by=service") == {
        "meta": {
            "metric": "effective_cost",
            "axis": "charge",
            "start": "2026-03-01",
            "end": "2026-04-01",
            "granularity": "month",
            "group_by": ["service"],
        },
        "blocks": [
            {
                "currency": "EUR",
                "total": "3",
                "rows_without_value": 0,
                "rows": [{"period_start": "2026-03-01", "service": "EC2", "amount": "3"}],
            },
            {
                "currency": "USD",
                "total": "100.500000000000000001",
                "rows_without_value": 1,
                "rows": [
                    {"period_start": "2026-03-01", "service": "=cmd()", "amount": "0.000000000000000001"},
                    {"period_start": "2026-03-01", "service": "EC2", "amount": "100.5"},
                    {"period_start": "2026-03-01", "service": "Support", "amount": None},
                ],
            },
        ],
        "next": None,
    }


def test_columns_hold_the_same_as_rows(client: TestClient) -> None:
    usd = get(client, f"{MARCH}&group_by=team&granularity=total&shape=columns")["blocks"][1]
    assert usd["rows"] == {
        "period_start": [None, None],
        "team": ["search", None],
        "amount": ["100.5", "0.000000000000000001"],
    }


@pytest.mark.parametrize("group_by", ["group_by=team,service", "group_by=team&group_by=service"])
def test_dimensions_are_repeated_or_separated_by_commas(client: TestClient, group_by: str) -> None:
    assert get(client, f"{MARCH}&{group_by}")["meta"]["group_by"] == ["team", "service"]


def test_filters_are_combined(client: TestClient) -> None:
    answer = get(client, f"{MARCH}&filter=service:EC2&filter=team:search")
    assert [block["total"] for block in answer["blocks"]] == ["100.5"]


def test_pages_follow_each_other_and_keep_the_total(client: TestClient) -> None:
    seen, pages = [], 0
    page = f"{MARCH}&group_by=service&limit=1"
    while page:
        answer = get(client, page)
        seen += [(block["currency"], row["service"]) for block in answer["blocks"] for row in block["rows"]]
        assert [block["total"] for block in answer["blocks"]] == ["3", "100.500000000000000001"]
        page = answer["next"] and f"{MARCH}&group_by=service&limit=1&cursor={answer['next']}"
        pages += 1
    assert pages == 4
    assert seen == [("EUR", "EC2"), ("USD", "=cmd()"), ("USD", "EC2"), ("USD", "Support")]


def test_a_cursor_ends_when_the_figures_change(client: TestClient, session: Session) -> None:
    cursor = get(client, f"{MARCH}&group_by=service&limit=1")["next"]
    session.execute(text("UPDATE dataset_version SET version = version + 1"))
    answer = client.get(f"{MARCH}&group_by=service&limit=1&cursor={cursor}")
    assert answer.status_code == 409
    assert "figures changed" in answer.json()["detail"]


@pytest.mark.parametrize("cursor", ["nonsense", "é", "MTAw"])
def test_a_cursor_that_is_none_is_refused(client: TestClient, cursor: str) -> None:
    assert client.get(f"{MARCH}&cursor={cursor}").status_code == 400


def test_a_cursor_of_another_question_is_refused(client: TestClient) -> None:
    cursor = get(client, f"{MARCH}&group_by=service&limit=1")["next"]
    assert client.get(f"{MARCH}&group_by=team&limit=1&cursor={cursor}").status_code == 400


def test_an_unchanged_answer_is_not_sent_again(client: TestClient, session: Session) -> None:
    tag = client.get(MARCH).headers["etag"]
    again = client.get(MARCH, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{MARCH}&metric=billed_cost", headers={"if-none-match": tag}).status_code == 200
    session.execute(text("UPDATE dataset_version SET version = version + 1"))
    assert client.get(MARCH, headers={"if-none-match": tag}).status_code == 200


def test_the_csv_holds_the_same_figures_and_no_formula(client: TestClient) -> None:
    answer = client.get(f"{MARCH}&group_by=service".replace("costs?", "costs.csv?"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('filename="costs_2026-03-01_to_2026-04-01.csv"')
    assert answer.text.splitlines() == [
        "period_start,service,billing_currency,effective_cost",
        "2026-03-01,EC2,EUR,3",
        "2026-03-01,'=cmd(),USD,0.000000000000000001",
        "2026-03-01,EC2,USD,100.5",
        "2026-03-01,Support,USD,",
    ]
    assert client.get(f"{MARCH}&group_by=service", headers={"accept": "text/csv"}).text == answer.text


def test_the_workbook_and_the_parquet_hold_the_same_figures(client: TestClient) -> None:
    sheet = load_workbook(io.BytesIO(client.get(MARCH, headers={"accept": XLSX}).content)).active
    assert sheet is not None
    assert [row[2] for row in sheet.iter_rows(values_only=True)] == ["effective_cost", "3", "100.500000000000000001"]
    parquet = client.get(MARCH.replace("costs?", "costs.parquet?")).content
    amounts = pq.read_table(io.BytesIO(parquet))["effective_cost"].to_pylist()
    assert amounts == [Decimal(3), Decimal("100.500000000000000001")]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("start=2026-03&end=2026-03", 400, "start must be before end"),
        ("start=2026-13-01&end=2027-01", 400, "'2026-13-01' is not a day"),
        ("start=2026-03&end=2026-04&group_by=colour", 400, "cannot be grouped or filtered by 'colour'"),
        ("start=2026-03&end=2026-04&filter=team", 400, "is not a filter"),
        ("start=2026-03&end=2026-04&axis=billing&granularity=day", 400, "granularity=month or total"),
        ("end=2026-04", 422, "query.start: Field required"),
        ("start=2026-03&end=2026-04&metric=profit", 422, "query.metric"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_problem(client: TestClient, query: str, status: int, says: str) -> None:
    answer = client.get(f"/api/v1/costs?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert set(answer.json()) >= {"type", "title", "status", "detail"}
