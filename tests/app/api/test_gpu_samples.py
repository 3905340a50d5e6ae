"""GPU samples over the API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.db.session import engine, write_session
from app.domain.viewer import Scope, operator
from app.settings import settings

URL = "/api/v1/gpu/samples?source=agents"


@pytest.fixture(autouse=True)
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def agent(guarded: TestClient) -> TestClient:
    """What has a key that posts telemetry, and no more."""
    with write_session(engine()) as session:
        made = create_key(session, operator(), name="agent", scopes=[Scope.WRITE_TELEMETRY], now=datetime.now(UTC))
    guarded.headers["Authorization"] = f"Bearer {made.text}"
    return guarded


def sample(minute: int, **cells: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-03-02T12:{minute:02}:15Z", "gpu_uuid": "GPU-1", "sm_active_ratio": 0.5, **cells}


def test_samples_are_taken_once(agent: TestClient) -> None:
    answer = agent.post(URL, json=[sample(1), sample(2)], headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "source": "agents", "unchanged": False, "samples": 2, "gpu_hours": 1,
        "first_hour": "2026-03-02T12:00:00Z", "last_hour": "2026-03-02T12:00:00Z",
    }  # fmt: skip
    assert agent.post(URL, json=[sample(1), sample(2)]).json()["unchanged"] is True
    assert agent.post(URL, json=[sample(9)], headers={"Idempotency-Key": "k"}).status_code == 409


@pytest.mark.parametrize(
    "cells",
    [
        {"sm_active_ratio": 1.5},
        {"power_watts": -1},
        {"timestamp": "2026-03-02T12:00:00"},
        {"timestamp": "yesterday"},
        {"gpu_uuid": " "},
        {"temperature": 80},
    ],
)
def test_one_that_cannot_be_used_keeps_all_out(agent: TestClient, cells: dict[str, Any]) -> None:
    assert agent.post(URL, json=[sample(1), sample(2, **cells)]).status_code == 422
    assert agent.post(URL, json=[sample(1)]).json()["unchanged"] is False


def test_there_is_a_limit(agent: TestClient) -> None:
    assert agent.post(URL, json=[]).status_code == 422
    assert agent.post(URL, json=[sample(1)] * 10_001).status_code == 422


def test_a_key_without_the_scope_may_not(agent: TestClient) -> None:
    assert agent.get("/api/v1/costs?start=2026-03&end=2026-04").status_code == 403
    with write_session(engine()) as session:
        made = create_key(session, operator(), name="reader", scopes=[Scope.READ_COSTS], now=datetime.now(UTC))
    refused = agent.post(URL, json=[sample(1)], headers={"Authorization": f"Bearer {made.text}"})
    assert refused.status_code == 403
    assert "write:telemetry" in refused.json()["detail"]
