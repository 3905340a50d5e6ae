"""The policy and its teams over the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.db.session import engine, forget_engine
from app.db.tables.policy import PolicyVersion
from app.settings import settings
from tests.app.api.conftest import HERE
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = """name: house rules
teams:
  - {id: search, name: Search}
  - {id: speech, name: Speech}
rules: [{name: All, team: search}, {name: Late, team: speech}]
"""
YAML, CSV = {"content-type": "application/yaml"}, {"content-type": "text/csv"}


@pytest.fixture
def client(server: FastAPI, trueup: Trueup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TestClient]:
    """A browser on this machine, on a Trueup of its own with a bill of March."""
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10")]))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()
    with TestClient(server, base_url=HERE) as opened:
        yield opened
    engine().dispose()
    forget_engine()


def test_a_policy_is_previewed_for_any_periods_or_the_newest(client: TestClient) -> None:
    newest = client.post("/api/v1/policy/preview", content=POLICY, headers=YAML)
    assert newest.status_code == 200
    assert newest.json()["moves"][0] == {
        "period": "2026-03", "currency": "USD", "team": "search", "name": "Search", "before": "0", "after": "10",
        "change": "10",
    }  # fmt: skip
    url = "/api/v1/policy/preview?period=2026-02&period=2026-03"
    assert client.post(url, content=POLICY, headers=YAML).json() == newest.json()
    assert client.post("/api/v1/policy/preview", content="name: []", headers=YAML).status_code == 400


def test_teams_are_exported_tried_and_imported(client: TestClient, trueup: Trueup) -> None:
    trueup.policy(POLICY)
    exported = client.get("/api/v1/teams/export")
    assert exported.headers["content-type"].startswith("text/csv")
    ended = exported.text.replace("search,Search,,,,,", "search,Search,,,,,2026-01-01")
    tried = client.post("/api/v1/teams/import?dry_run=true", content=ended, headers=CSV).json()
    assert (tried["version"], tried["changed"]) == (None, ["search"])
    assert {each["team"]: each["change"] for each in tried["moves"]} == {"search": "-10", "speech": "10", None: "0"}
    assert trueup.costs("team") == {"USD": {"search": 10}}
    done = client.post("/api/v1/teams/import", content=ended, headers=CSV).json()
    assert done == {**tried, "version": trueup.all(PolicyVersion)[-1].id}
    assert trueup.costs("team") == {"USD": {"speech": 10}}
    bad = client.post(
        "/api/v1/teams/import", content=ended.replace("speech,Speech,", "speech,Speech,gone"), headers=CSV
    )
    assert bad.status_code == 400
    assert "row 3: there is no team `gone`" in bad.json()["detail"]
