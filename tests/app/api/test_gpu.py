"""GPUs over the API: waste, utilisation, boards and heat maps, as JSON and as files."""

from datetime import date

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.domain.gpu.minutes import span
from app.domain.gpu.states import WasteState
from tests.app.books import Books, a_team
from tests.app.gpu_books import GpuBooks

DAY = date(2026, 3, 5)
MARCH = "start=2026-03&end=2026-04"
WASTE = f"/api/v1/gpu/waste?{MARCH}"


@pytest.fixture
def gpus(session: Session, books: Books) -> GpuBooks:
    """Search works for 40 minutes and holds a board idle for 20."""
    books.policy(a_team("search"))
    gpus = GpuBooks(session)
    owner = {"namespace": "search", "pod": "serve-0"}
    gpus.waste(DAY, WasteState.PRODUCTIVE, "40", "0.4", team="search", owner=owner)
    gpus.waste(DAY, WasteState.IDLE_HELD, "20", "0.2", team="search", owner=owner, capacity="0.1", confidence="high")
    gpus.hour("2026-03-05T08", "GPU-1", owner=owner, active=span(0, 40), activity_avg=0.5)
    return gpus


def test_waste_reads_by_state(client: TestClient, gpus: GpuBooks) -> None:
    answer = client.get(WASTE).json()
    assert answer["meta"] == {"start": "2026-03-01", "end": "2026-04-01", "axis": "charge", "group_by": ["state"]}
    (block,) = answer["blocks"]
    assert block["rows"] == [
        {"state": "idle_held", "gpu_hours": "0.333333", "board_minutes": "20", "amount": "0.2", "waste": "0.2",
         "recoverable_capacity": "0.1", "recoverable_bill": "0", "confidence": "high"},
        {"state": "productive", "gpu_hours": "0.666667", "board_minutes": "40", "amount": "0.4", "waste": "0",
         "recoverable_capacity": "0", "recoverable_bill": "0", "confidence": None},
    ]  # fmt: skip
    assert (block["currency"], block["total"], block["waste"], block["gpu_hours"]) == ("USD", "0.6", "0.2", "1")
    assert block["reconciliation"] == {"states": "0.6", "bill": "0", "difference": "0.6", "catalogue": "0"}
    assert answer["next"] is None


def test_a_billing_period_asks_the_billing_axis_and_not_both(client: TestClient, gpus: GpuBooks) -> None:
    gpus.waste(DAY, WasteState.PRODUCTIVE, "60", "1", period=date(2026, 4, 1))
    meta = client.get("/api/v1/gpu/waste?period=2026-03").json()
    assert (meta["meta"]["axis"], meta["blocks"][0]["total"]) == ("billing", "0.6")
    assert client.get(WASTE).json()["blocks"][0]["total"] == "1.6"
    for wrong in (f"{WASTE}&period=2026-03", "/api/v1/gpu/waste", "/api/v1/gpu/waste?start=2026-03"):
        assert client.get(wrong).status_code == 400


def test_pages_fit_together_and_an_unchanged_answer_is_not_sent_again(client: TestClient, gpus: GpuBooks) -> None:
    url = f"{WASTE}&group_by=state,team&limit=1"
    first = client.get(url)
    second = client.get(f"{url}&cursor={first.json()['next']}").json()
    rows = [row["state"] for page in (first.json(), second) for row in page["blocks"][0]["rows"]]
    assert (rows, second["next"]) == (["idle_held", "productive"], None)
    assert client.get(url, headers={"if-none-match": first.headers["etag"]}).status_code == 304


def test_utilization_has_numbers_and_the_source_of_activity(client: TestClient, gpus: GpuBooks) -> None:
    url = f"/api/v1/gpu/utilization?{MARCH}&group_by=node,team&granularity=day"
    (row,) = client.get(url).json()["rows"]
    assert (row["node"], row["team"], row["period_start"]) == ("node-a", "search", "2026-03-05T00:00:00Z")
    assert (row["activity_avg"], row["coverage_ratio"], row["activity_source"]) == (0.5, 1.0, "sm_active")


def test_boards_and_heat_maps_are_answered(client: TestClient, gpus: GpuBooks) -> None:
    (board,) = client.get(f"/api/v1/gpu/boards?{MARCH}").json()["boards"]
    assert (board["gpu_uuid"], board["node"], board["amount"]) == ("GPU-1", "node-a", "0.6")
    assert board["states"][0] == {"state": "idle_held", "gpu_hours": "0.333333", "amount": "0.2"}
    heat = client.get("/api/v1/gpu/heat?start=2026-03-05T08:00:00Z&end=2026-03-05T09:00:00Z").json()
    assert (heat["values"], heat["columns"]) == ([[0.5]], ["2026-03-05T08:00:00Z"])


@pytest.mark.parametrize("report", ["waste", "utilization", "boards", "heat"])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_every_report_is_a_file_too(client: TestClient, gpus: GpuBooks, report: str, kind: str) -> None:
    answer = client.get(f"/api/v1/gpu/{report}.{kind}?start=2026-03-05&end=2026-03-06")
    assert answer.status_code == 200
    if kind == "csv":
        assert len(answer.text.splitlines()) == {"waste": 3}.get(report, 2)
