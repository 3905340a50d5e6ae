"""Rates over the API, and the comparison that they make."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.db.session import engine, write_session
from app.db.tables.access import AuditEntry
from app.domain.viewer import Scope, operator
from tests.app.books import Books, a_team

CSV = "Date,USD,JPY,\n2026-03-31,1.25,160,\n2026-03-30,1.25,N/A,\n"
ITEM = {"day": "2026-03-31", "base_currency": "EUR", "quote_currency": "USD", "rate": "1.25"}


def post(client: TestClient, body: Any) -> Any:
    if isinstance(body, list):
        return client.post("/api/v1/fx", json=body)
    return client.post("/api/v1/fx", content=body, headers={"content-type": "text/csv"})


def test_rates_are_taken_in_once_listed_and_corrected(client: TestClient, session: Session) -> None:
    assert post(client, CSV).json() == {"rates": 3, "new": 3, "corrected": 0, "unchanged": 0}
    assert post(client, CSV).json()["unchanged"] == 3
    assert post(client, [ITEM]).json() == {"rates": 1, "new": 0, "corrected": 0, "unchanged": 1}
    assert post(client, [{**ITEM, "rate": "1.26"}]).json()["corrected"] == 1
    found = client.get("/api/v1/fx?quote=USD&start=2026-03-31&end=2026-04").json()["rates"]
    assert [(each["rate"], each["superseded_at"]) for each in found] == [("1.26", None)]
    assert len(client.get("/api/v1/fx?superseded=true").json()["rates"]) == 4
    page = client.get("/api/v1/fx?limit=2").json()
    assert [each["rate"] for each in client.get(f"/api/v1/fx?limit=2&cursor={page['next']}").json()["rates"]] == [
        "1.25"
    ]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "fx.import").order_by(AuditEntry.id)).all()
    assert [entry.details["new"] for entry in entries] == [3, 0]
    assert entries[1].details["corrections"] == [
        {"base_currency": "EUR", "quote_currency": "USD", "day": "2026-03-31", "before": "1.25", "after": "1.26"}
    ]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_rates_come_as_files(client: TestClient, ending: str) -> None:
    post(client, CSV)
    assert client.get(f"/api/v1/fx.{ending}").status_code == 200


def test_a_file_of_rates_can_be_taken_in_again(client: TestClient) -> None:
    post(client, [ITEM, {**ITEM, "day": "2026-03", "rate": "1.2"}])
    assert post(client, client.get("/api/v1/fx.csv").text).json()["unchanged"] == 2


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (CSV.replace("1.25", "one"), 400, "row 2: USD 'one' is not a number"),
        (b"\xff\xfe", 400, "not UTF-8"),
        ([{**ITEM, "rate": "1,25"}], 400, "row 1: rate '1,25' has a decimal comma"),
        ([{**ITEM, "rate": 1.25}], 422, "body.0.rate"),
        ([], 422, "at least 1 item"),
    ],
)
def test_what_cannot_be_taken_in_is_told(client: TestClient, body: Any, status: int, told: str) -> None:
    answer = post(client, body)
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert client.get("/api/v1/fx").json()["rates"] == []


@pytest.fixture
def months(client: TestClient, books: Books) -> None:
    """Search owes 100 dollars in February, at 1.20 for a euro, and 110 in March, at 1.25."""
    books.policy(a_team("search"))
    for month, amount, rate in ((2, "100", "1.2"), (3, "110", "1.25")):
        books.charge(date(2026, month, 5), amount, team="search", metric="billed_cost")
        post(client, [{**ITEM, "day": f"2026-{month:02}", "rate": rate}])


def test_a_month_is_set_beside_another_with_the_fx_effect_apart(client: TestClient, months: None) -> None:
    url = "/api/v1/chargeback/2026-03/comparison"
    asked = "?with=2026-02&currency=EUR&metric=billed_cost"
    report = client.get(f"{url}{asked}").json()
    (search,) = report["teams"]
    assert search["amounts"] == {
        "before": "83.33", "now": "88", "change": "4.67", "cost_effect": "8.34", "fx_effect": "-3.67",
    }  # fmt: skip
    assert sum(map(Decimal, (search["amounts"][name] for name in ("cost_effect", "fx_effect")))) == Decimal("4.67")
    assert report["rates"][0]["now"]["numerator"] == "4"
    assert client.get(f"{url}.csv{asked}").text.splitlines() == [
        "team,name,reporting_currency,before,now,change,cost_effect,fx_effect",
        "search,Search,EUR,83.33,88,4.67,8.34,-3.67",
        ",Unallocated,EUR,0,0,0,0,0",
    ]
    assert client.get(f"{url}?with=2026-02").status_code == 400
    missing = client.get(f"{url}?with=2026-01&currency=JPY&metric=billed_cost")
    assert (missing.status_code, "no rate from USD to JPY" in missing.json()["detail"]) == (409, True)


def test_a_key_needs_the_scope_to_bring_rates_in(guarded: TestClient) -> None:
    def key(*scopes: Scope) -> dict[str, str]:
        with write_session(engine()) as session:
            made = create_key(session, operator(), name="x", scopes=scopes, now=datetime.now(UTC))
        return {"authorization": f"Bearer {made.text}", "content-type": "text/csv"}

    assert guarded.post("/api/v1/fx", content=CSV, headers=key(Scope.READ_COSTS)).status_code == 403
    assert guarded.post("/api/v1/fx", content=CSV, headers=key(Scope.WRITE_INGEST)).status_code == 200
    assert len(guarded.get("/api/v1/fx", headers=key(Scope.READ_COSTS)).json()["rates"]) == 3
