"""Allocated cost as FOCUS over HTTP."""

import csv
import io
from datetime import date

import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.app.books import Books, a_team

ROUTE = "/api/v1/chargeback/2026-03/focus"


@pytest.fixture
def bill(books: Books) -> Books:
    books.policy(a_team("search", cost_center="CC-1"), a_team("speech"))
    books.charge(date(2026, 3, 5), "100", team="search", service_name="=EC2")
    books.charge(date(2026, 3, 7), "1", service_name="S3")
    return books


def test_csv_is_streamed_with_a_name(client: TestClient, bill: Books) -> None:
    answer = client.get(f"{ROUTE}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="focus_1.2_2026-03.csv"'
    told = [
        (row["ServiceName"], row["EffectiveCost"], row["x_TeamId"]) for row in csv.DictReader(io.StringIO(answer.text))
    ]
    assert told == [("=EC2", "100", "search"), ("S3", "1", "")]


def test_parquet_is_of_the_version_that_is_asked_for(client: TestClient, bill: Books) -> None:
    names = [
        pq.read_table(io.BytesIO(client.get(f"{ROUTE}.parquet?version={version}").content)).column_names
        for version in ("1.2", "1.3")
    ]
    assert ["AllocatedMethodId" in each for each in names] == [False, True]


def test_an_unchanged_month_is_not_sent_again(client: TestClient, bill: Books) -> None:
    tag = client.get(f"{ROUTE}.csv").headers["etag"]
    again = client.get(f"{ROUTE}.csv", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{ROUTE}.csv?version=1.3", headers={"If-None-Match": tag}).status_code == 200


def test_what_there_is_not_is_refused(client: TestClient, session: Session, bill: Books) -> None:
    assert client.get("/api/v1/chargeback/2020-01/focus.csv").status_code == 404
    assert client.get(f"{ROUTE}.csv?version=1.1").status_code == 422
    assert client.get("/api/v1/chargeback/soon/focus.csv").status_code == 400
