"""The other routes, and what they have in common."""

from datetime import date

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.api.deps import reading
from app.db.tables.access import ApiKey
from tests.app.books import Books, a_team


@pytest.fixture
def bill(books: Books) -> Books:
    books.policy(a_team("search", cost_center="CC-1"))
    books.charge(date(2026, 3, 5), "100", team="search", service_name="EC2")
    books.charge(date(2026, 3, 7), "1", service_name="S3")
    return books


def test_chargeback_adds_up_as_json_and_as_a_file(client: TestClient, bill: Books) -> None:
    (block,) = client.get("/api/v1/chargeback/2026-03").json()["blocks"]
    assert (block["total"], block["unallocated"]["total"], block["teams"][0]["total"]) == ("101", "1", "100")
    assert client.get("/api/v1/chargeback/2026-03.csv").text.splitlines() == [
        (
            "team,name,parent,cost_center,billing_currency,direct,shared,total,previous_total,change,"
            "adjustments,commitment_benefit,markup,charged"
        ),
        "search,Search,,CC-1,USD,100,0,100,0,100,0,0,0,",
        ",Unallocated,,,USD,1,0,1,0,1,0,0,0,",
    ]


def test_a_statement_is_found_by_team_and_as_a_file(client: TestClient, bill: Books) -> None:
    (block,) = client.get("/api/v1/chargeback/2026-03/teams/search").json()["blocks"]
    assert block["charge"]["total"] == "100"
    assert block["trend"][-1] == ["2026-03-01", "100"]
    file = client.get("/api/v1/chargeback/2026-03/teams/search.csv")
    assert file.text.splitlines()[1] == ",EC2,USD,100,0,100,0,0,0,0,"
    assert client.get("/api/v1/chargeback/2026-03/teams/nobody").status_code == 404


def test_line_items_of_nothing_are_none(client: TestClient) -> None:
    answer = client.get("/api/v1/costs/detail?start=2026-03&end=2026-04").json()
    assert (answer["total_rows"], answer["totals"], answer["items"], answer["next"]) == (0, [], [], None)
    file = client.get("/api/v1/costs/detail.csv?start=2026-03&end=2026-04")
    assert file.text.startswith("charge_period_start,charge_period_end,currency,")


def test_periods_teams_sources_loads_and_policy_are_listed(client: TestClient, bill: Books) -> None:
    assert client.get("/api/v1/chargeback/periods").json() == {"periods": ["2026-03"], "states": {"2026-03": None}}
    assert [team["id"] for team in client.get("/api/v1/teams").json()["teams"]] == ["search"]
    assert [source["name"] for source in client.get("/api/v1/sources").json()["sources"]] == ["aws"]
    (load,) = client.get("/api/v1/loads").json()["loads"]
    assert client.get(f"/api/v1/loads/{load['id']}").json()["load"] == load
    assert client.get("/api/v1/policy").json()["document"].startswith("\nname: house rules")


@pytest.mark.parametrize("report", ["chargeback/2026-03", "teams", "sources", "loads"])
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_every_report_comes_as_a_file(client: TestClient, bill: Books, report: str, ending: str) -> None:
    answer = client.get(f"/api/v1/{report}.{ending}")
    assert answer.status_code == 200
    assert f'.{ending}"' in answer.headers["content-disposition"]
    assert client.get(f"/api/v1/{report}", headers={"if-none-match": "*"}).status_code == 304


def test_pages_of_a_log_follow_each_other(client: TestClient, bill: Books) -> None:
    bill.load(date(2026, 4, 1))
    first = client.get("/api/v1/loads?limit=1").json()
    second = client.get(f"/api/v1/loads?limit=1&cursor={first['next']}").json()
    assert first["loads"][0]["id"] > second["loads"][0]["id"]
    assert client.get(f"/api/v1/loads?limit=1&cursor={second['next']}").json() == {"loads": [], "next": None}
    assert client.get("/api/v1/loads?cursor=x").status_code == 400


def test_a_key_is_made_shown_once_rotated_and_revoked(client: TestClient, session: Session) -> None:
    made = client.post("/api/v1/keys", json={"name": "ann", "scopes": ["read:costs"]}).json()
    assert made["text"].startswith(f"tu_{made['key']['prefix']}_")
    assert made["text"].encode() not in session.scalars(select(ApiKey.digest)).one()
    rotated = client.post(f"/api/v1/keys/{made['key']['prefix']}/rotate").json()
    assert rotated["key"]["scopes"] == ["read:costs"]
    assert client.post(f"/api/v1/keys/{made['key']['prefix']}/rotate").status_code == 409
    assert client.delete(f"/api/v1/keys/{rotated['key']['prefix']}").json()["revoked_at"]
    assert "digest" not in client.get("/api/v1/keys").text
    assert session.scalar(select(func.count()).select_from(ApiKey)) == 2
    log = client.get("/api/v1/audit").json()["entries"]
    assert [entry["action"] for entry in log] == ["key.revoke", "key.rotate", "key.create"]
    assert made["text"] not in client.get("/api/v1/audit").text


def test_an_unknown_path_of_the_api_is_a_problem_and_not_a_page(client: TestClient) -> None:
    for path in ("/api/v1/nope", "/api/v2/costs", "/api/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.post("/api/v1/costs").status_code == 405


def test_an_error_nobody_foresaw_tells_nothing_about_itself(server: FastAPI, bill: Books) -> None:
    def broken() -> None:
        raise RuntimeError("postgresql://user:secret@host")

    server.dependency_overrides = {reading: broken}
    answer = TestClient(server, base_url="http://localhost", raise_server_exceptions=False).get("/api/v1/teams")
    server.dependency_overrides = {}
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_pages_of_the_dashboard_are_served_for_every_other_path(server: FastAPI) -> None:
    with TestClient(server, base_url="http://localhost") as client:
        assert "<html" in client.get("/trends?group_by=team").text


def test_prometheus_reads_requests_and_freshness(client: TestClient, bill: Books) -> None:
    client.get("/api/v1/teams")
    text = client.get("/metrics").text
    assert 'trueup_requests_total{method="GET",route="/teams",status="200"}' in text
    assert "trueup_dataset_version " in text
    assert 'trueup_source_delivery_age_seconds{source="aws"} ' in text


def test_openapi_lists_what_the_api_has(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {
        "/api/v1/costs",
        "/api/v1/costs.csv",
        "/api/v1/costs/detail",
        "/api/v1/chargeback/{month}",
        "/api/v1/chargeback/{month}/teams/{team}",
        "/api/v1/loads/{load_id}",
        "/api/v1/keys",
        "/api/v1/health/ready",
    }
    assert "/docs" not in document["paths"]
