"""Issuing, closing and replaying over the API."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.api.deps import now
from app.chargeback.posting import post
from app.db.session import engine, write_session
from app.domain.viewer import Scope, operator
from tests.app.books import Books, a_team

MARCH = "/api/v1/chargeback/2026-03"


@pytest.fixture
def march(client: TestClient, books: Books, session: Session) -> TestClient:
    """In March search owes 10.01 and nobody 2; it is the third of April."""
    books.policy(a_team("search"))
    books.charge(date(2026, 3, 5), "10.01", team="search", service_name="Amazon EC2")
    books.charge(date(2026, 3, 6), "2", service_name="Amazon S3")
    post(session, [date(2026, 3, 1)])
    client.app.dependency_overrides[now] = lambda: datetime(2026, 4, 3, tzinfo=UTC)  # type: ignore[attr-defined]
    return client


def test_a_month_goes_from_draft_to_closed(march: TestClient) -> None:
    assert march.get("/api/v1/chargeback/periods").json() == {"periods": ["2026-03"], "states": {"2026-03": "draft"}}
    issued = march.post(f"{MARCH}/issue")
    assert (issued.status_code, issued.json()["is_new"], issued.json()["issued_by"]) == (200, True, "local")
    assert march.post(f"{MARCH}/issue").json()["is_new"] is False
    checks = march.get(f"{MARCH}/checks").json()
    assert (checks["state"], checks["blockers"], checks["moves"]) == ("issued", [], [])
    closed = march.post(f"{MARCH}/close").json()
    assert (closed["overridden"], closed["override_reason"]) == ([], None)
    assert march.get("/api/v1/chargeback/periods").json()["states"] == {"2026-03": "closed"}
    canonical = march.get(f"{MARCH}/canonical.json")
    assert hashlib.sha256(canonical.content).hexdigest() == closed["sha256"]
    assert canonical.headers["content-type"] == "application/json"
    csv = march.get(f"{MARCH}/canonical.csv")
    assert csv.headers["content-disposition"] == 'attachment; filename="canonical.csv"'
    assert hashlib.sha256(csv.content).hexdigest() == canonical.json()["csv_sha256"]
    replay = march.get(f"{MARCH}/replay").json()
    assert (replay["identical"], replay["sha256"], replay["from_inputs"]) == (True, closed["sha256"], [])
    again = march.post(f"{MARCH}/close")
    assert (again.status_code, "closed already" in again.json()["detail"]) == (409, True)


def test_the_files_it_was_closed_with_are_listed_and_handed_out(march: TestClient) -> None:
    march.post(f"{MARCH}/issue")
    march.post(f"{MARCH}/close")
    files = {each["name"]: each["sha256"] for each in march.get(f"{MARCH}/files").json()["files"]}
    assert {"canonical.csv", "canonical.json", "manifest.json", "teams/search.xlsx"} <= set(files)
    for name in ("manifest.json", "teams/search.xlsx"):
        answer = march.get(f"{MARCH}/files/{name}")
        assert hashlib.sha256(answer.content).hexdigest() == files[name]
    assert march.get(f"{MARCH}/files/none.csv").status_code == 404


def test_what_is_not_closed_has_no_files(march: TestClient) -> None:
    for path in ("files", "files/canonical.csv", "canonical.csv", "canonical.json", "replay"):
        answer = march.get(f"{MARCH}/{path}")
        assert (answer.status_code, "not closed" in answer.json()["detail"]) == (404, True)
    assert march.get("/api/v1/chargeback/2026-04/checks").status_code == 404


def test_a_refusal_has_the_list_and_an_override_needs_a_reason(march: TestClient, books: Books) -> None:
    books.charge(date(2026, 3, 7), None, team="search", service_name="Amazon EC2")
    post(books.session, [date(2026, 3, 1)])
    march.post(f"{MARCH}/issue")
    refused = march.post(f"{MARCH}/close")
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    (blocker,) = refused.json()["blockers"]
    assert (blocker["code"], blocker["message"]) == (
        "rows_without_value", "1 rows of the bills have no effective_cost and count as nothing: Amazon EC2 (1).",
    )  # fmt: skip
    assert blocker["remedy"]
    assert march.post(f"{MARCH}/close", json={"override_reason": " "}).status_code == 400
    assert march.post(f"{MARCH}/close", json={"why": "x"}).status_code == 422
    closed = march.post(f"{MARCH}/close", json={"override_reason": "the vendor has gone"})
    assert (closed.status_code, closed.json()["override_reason"]) == (200, "the vendor has gone")
    assert closed.json()["overridden"] == refused.json()["blockers"]


def test_what_has_moved_is_told_by_team(march: TestClient, books: Books) -> None:
    march.post(f"{MARCH}/issue")
    books.charge(date(2026, 3, 7), "0.50", team="search", service_name="Amazon EC2")
    post(books.session, [date(2026, 3, 1)])
    refused = march.post(f"{MARCH}/close")
    assert refused.status_code == 409
    assert refused.json()["moves"] == [
        {"billing_currency": "USD", "team_id": "search", "issued": "10.01", "draft": "10.51"}
    ]


def test_lines_come_as_json_and_as_files(march: TestClient) -> None:
    report = march.get(f"{MARCH}/lines").json()
    assert report["statement"]["state"] == "draft"
    owed = {(each["team_id"], each["service_name"]): each["amount"] for each in report["lines"]}
    assert owed == {("search", "Amazon EC2"): "10.01", (None, "Amazon S3"): "2"}
    header, *rows = march.get(f"{MARCH}/lines.csv").text.splitlines()
    assert header.startswith("id,billing_currency,invoice_issuer_name,invoice_id,team_id,team_name,cost_type")
    assert len(rows) == 2
    for ending in ("xlsx", "parquet"):
        assert march.get(f"{MARCH}/lines.{ending}").status_code == 200
    assert march.get("/api/v1/chargeback/2026-04/lines").status_code == 404


@pytest.fixture
def key(guarded: TestClient) -> Callable[..., dict[str, str]]:
    def make(*scopes: Scope, teams: tuple[str, ...] | None = None) -> dict[str, str]:
        with write_session(engine()) as session:
            books = Books(session)
            books.policy(a_team("search"))
            made = create_key(session, operator(), name="x", scopes=scopes, teams=teams, now=datetime.now(UTC))
        return {"Authorization": f"Bearer {made.text}"}

    return make


@pytest.mark.slow
def test_keys_of_teams_and_keys_that_only_read_may_not_close(
    guarded: TestClient, key: Callable[..., dict[str, str]]
) -> None:
    reader, limited = key(Scope.READ_COSTS), key(Scope.CLOSE_CHARGEBACK, Scope.READ_COSTS, teams=("search",))
    for headers in (reader, limited):
        for step in ("issue", "close"):
            assert guarded.post(f"{MARCH}/{step}", headers=headers).status_code == 403
    for path in ("checks", "files", "canonical.csv", "replay"):
        assert guarded.get(f"{MARCH}/{path}", headers=limited).status_code == 403
        assert guarded.get(f"{MARCH}/{path}", headers=reader).status_code == 404
    assert guarded.post(f"{MARCH}/issue", headers=key(Scope.CLOSE_CHARGEBACK)).status_code == 409
