"""Budgets over the API."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.actions.policy import apply_policy
from app.db.session import engine, write_session
from app.domain.viewer import Scope, operator
from tests.app.books import Books, a_team

URL = "/api/v1/budgets"
CSV = "team_id,period,currency,amount,thresholds\nsearch,2026-03,USD,125,\n"
ITEM = {"team_id": "search", "period": "2026-03", "currency": "USD", "amount": "125"}


@pytest.fixture
def bill(books: Books) -> Books:
    books.policy(a_team("search"), a_team("ranking", parent_id="search"))
    books.charge(date(2026, 3, 5), "100", team="search")
    books.charge(date(2026, 3, 5), "0.5", team="ranking")
    return books


def put(client: TestClient, body: Any) -> Any:
    if isinstance(body, list):
        return client.put(URL, json=body)
    return client.put(URL, content=body, headers={"content-type": "text/csv"})


def test_budgets_are_set_superseded_and_held_against_what_is_owed(client: TestClient, bill: Books) -> None:
    assert put(client, CSV).json() == {"budgets": 1, "new": 1, "changed": 0, "unchanged": 0}
    assert put(client, [ITEM]).json()["unchanged"] == 1
    assert put(client, [{**ITEM, "amount": "200", "thresholds": "50"}]).json()["changed"] == 1
    (found,) = client.get(f"{URL}?period=2026-03").json()["budgets"]
    assert (found["amount"], found["own"], found["teams_below"]) == ("200", "100", 1)
    standing = found["standing"]
    assert (standing["owed"], standing["remaining"], standing["percent"]) == ("100.5", "99.5", "50.2")
    assert (standing["reached"], standing["pace"]) == (["50"], None)
    assert (
        client.get(f"{URL}.csv?period=2026-03")
        .text.splitlines()[1]
        .startswith("search,Search,USD,200,100.5,99.5,50.2,50,50,100,0,100.5,,,,")
    )
    assert client.get(f"{URL}?period=2026-03&team=ranking").json()["budgets"] == []


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_budgets_come_as_files(client: TestClient, bill: Books, ending: str) -> None:
    put(client, CSV)
    assert client.get(f"{URL}.{ending}?period=2026-03").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (CSV.replace("125", "x").replace("search", "nobody"), 400, "no team 'nobody'"),
        (b"\xff\xfe", 400, "not UTF-8"),
        ([ITEM, {**ITEM, "amount": "-1", "currency": "EUR"}], 400, "row 2: amount -1 is below zero"),
        ([{**ITEM, "amount": 125}], 422, "body.0.amount"),
        ([], 422, "at least 1 item"),
    ],
)
def test_what_cannot_be_set_is_told(client: TestClient, bill: Books, body: Any, status: int, told: str) -> None:
    answer = put(client, body)
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert client.get(f"{URL}?period=2026-03").json()["budgets"] == []


def test_a_key_sets_the_budgets_of_its_teams_with_the_scope(guarded: TestClient) -> None:
    def key(*scopes: Scope, teams: list[str] | None = None) -> dict[str, str]:
        with write_session(engine()) as session:
            made = create_key(session, operator(), name="x", scopes=scopes, teams=teams, now=datetime.now(UTC))
        return {"authorization": f"Bearer {made.text}", "content-type": "text/csv"}

    with write_session(engine()) as session:
        apply_policy(session, operator(), "name: p\nteams: [{id: search}, {id: speech}]\n")
    assert guarded.put(URL, content=CSV, headers=key(Scope.READ_COSTS)).status_code == 403
    of_speech = key(Scope.WRITE_BUDGETS, Scope.READ_COSTS, teams=["speech"])
    assert guarded.put(URL, content=CSV, headers=of_speech).status_code == 400
    assert guarded.put(URL, content=CSV, headers=key(Scope.WRITE_BUDGETS)).status_code == 200
    assert guarded.get(f"{URL}?period=2026-03", headers=of_speech).json()["budgets"] == []
    assert len(guarded.get(f"{URL}?period=2026-03", headers=key(Scope.READ_COSTS)).json()["budgets"]) == 1
