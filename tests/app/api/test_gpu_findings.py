"""GPU findings and jobs over the API."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.chargeback.gpu_findings import find
from app.domain.gpu.states import WasteState
from tests.app.books import Books, a_team
from tests.app.gpu_books import GpuBooks

URL = "/api/v1/gpu/findings"
DAY = date(2026, 3, 5)


@pytest.fixture
def finding(session: Session, books: Books) -> int:
    """A notebook of search's holds a board for two days."""
    books.policy(a_team("search"))
    gpus, owner = GpuBooks(session), {"namespace": "search", "pod": "jupyter-ada"}
    for day in (DAY, DAY + timedelta(days=1)):
        gpus.waste(day, WasteState.IDLE_HELD, "1440", "48", team="search", owner=owner, capacity="24.50", bill="3")
        gpus.hour(f"{day}T08", "GPU-1", owner=owner)
    assert find(session, [DAY]).new == 1
    return 0


def test_findings_are_listed_with_their_evidence_and_what_to_do(client: TestClient, finding: int) -> None:
    (row,) = client.get(URL).json()["findings"]
    assert (row["rule"], row["subject"], row["state"], row["team_id"]) == (
        *("idle_notebook", "search/jupyter-ada", "open", "search"),
    )
    assert (row["recoverable_capacity"], row["recoverable_bill"], row["currency"]) == ("49", "6", "USD")
    assert row["evidence"]["days"][1] == {"day": "2026-03-06", "gpu_hours": "24", "effective_cost": "48"}
    assert row["action"].startswith("Cull the session")
    assert client.get(f"{URL}?state=resolved").json() == {"findings": []}
    assert client.get(f"{URL}?rule=x").status_code == 400
    lines = client.get(f"{URL}.csv").text.splitlines()
    assert lines[0].startswith("id,rule,title,subject,state")
    assert "idle_notebook,Idle notebook,search/jupyter-ada,open,search,node-a" in lines[1]
    assert client.get(f"{URL}.xlsx").status_code == client.get(f"{URL}.parquet").status_code == 200


def test_findings_are_answered(client: TestClient, finding: int) -> None:
    key = client.get(URL).json()["findings"][0]["id"]
    url = f"{URL}/{key}"
    assert client.post(url, json={"answer": "acknowledge"}).json()["state"] == "acknowledged"
    said = {"answer": "exempt", "reason": "a course", "until": "2126-01-01"}
    assert client.post(url, json=said).json() == {
        "id": key, "state": "exempt", "reason": "a course", "exempt_until": "2126-01-01", "changed_by": "local",
    }  # fmt: skip
    assert client.post(url, json={"answer": "reopen"}).json()["state"] == "open"
    for wrong, status in (
        ({"answer": "exempt", "reason": "x"}, 400),
        ({"answer": "exempt", "until": "2126-01-01"}, 400),
    ):
        assert client.post(url, json=wrong).status_code == status
    assert client.post(url, json={"answer": "forget"}).status_code == 422
    assert client.post(f"{URL}/{key + 1}", json={"answer": "reopen"}).status_code == 404


def test_jobs_are_told_by_group(client: TestClient, books: Books) -> None:
    books.policy(a_team("search"))
    url = "/api/v1/gpu/jobs?start=2026-03&end=2026-04"
    assert client.get(url).json() == {
        "group_by": ["outcome"], "rows": [], "jobs": 0, "gpu_hours": "0", "waited_gpu_hours": "0",
    }  # fmt: skip
    assert client.get(f"{url}&group_by=team,outcome").json()["group_by"] == ["team", "outcome"]
    assert client.get(f"{url}&group_by=colour").status_code == 400
    assert client.get("/api/v1/gpu/jobs.csv?start=2026-03&end=2026-04").text.startswith("outcome,jobs,gpu_hours")
