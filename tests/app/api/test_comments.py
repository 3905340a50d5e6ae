"""Comments over the API."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.db.session import engine, write_session
from app.domain.viewer import Scope, operator
from app.settings import Settings
from tests.app.chargeback.months import POLICY, Months, usage
from tests.trueup import Trueup

URL = "/api/v1/chargeback/2026-03/comments"
COMMENT = {"team": "search", "currency": "USD", "text": "=cmd() <b>why?</b>"}


@pytest.fixture
def keys(guarded: TestClient, tmp_path: Path) -> dict[str, dict[str, str]]:
    trueup = Trueup(engine(), Settings(data_dir=tmp_path / "data", threads=2))
    trueup.policy(POLICY)
    Months(trueup, tmp_path).bill(usage("search", "10", day="2026-03-02"), usage("speech", "5", day="2026-03-02"))

    def key(name: str, *teams: str) -> dict[str, str]:
        with write_session(engine()) as session:
            made = create_key(
                session, operator(), name=name, scopes=[Scope.READ_COSTS], teams=teams or None, now=datetime.now(UTC)
            )
        return {"authorization": f"Bearer {made.text}"}

    return {"all": key("ada"), "speech": key("lead", "speech")}


def test_comments_are_posted_and_read_by_who_sees_the_team(guarded: TestClient, keys: dict[str, Any]) -> None:
    made = guarded.post(URL, json=COMMENT, headers=keys["all"])
    assert (made.status_code, made.json()["author"]) == (201, "key:ada")
    line = {"team": "speech", "currency": "USD", "cost_type": "direct", "service_name": "Amazon EC2", "text": "Ours"}
    assert guarded.post(URL, json=line, headers=keys["speech"]).status_code == 201
    assert guarded.post(URL, json=COMMENT, headers=keys["speech"]).status_code == 404
    found = guarded.get(URL, headers=keys["all"]).json()["comments"]
    assert [(each["team_id"], each["cost_type"], each["text"], each["in_statement"]) for each in found] == [
        ("search", None, "=cmd() <b>why?</b>", True), ("speech", "direct", "Ours", True),
    ]  # fmt: skip
    assert [each["text"] for each in guarded.get(URL, headers=keys["speech"]).json()["comments"]] == ["Ours"]
    assert len(guarded.get(f"{URL}?team=search", headers=keys["all"]).json()["comments"]) == 1
    assert guarded.get(f"{URL}?team=search", headers=keys["speech"]).status_code == 404
    assert (
        guarded.get(f"{URL}.csv", headers=keys["all"])
        .text.splitlines()[1]
        .endswith(",key:ada,search,search,USD,,,,'=cmd() <b>why?</b>")
    )


def test_what_cannot_be_kept_is_told(guarded: TestClient, keys: dict[str, Any]) -> None:
    for wrong, status in (
        ({"text": " "}, 400),
        ({"text": "x" * 2001}, 400),
        ({"currency": "EUR"}, 404),
        ({"x": 1}, 422),
        ({"team": "a\0"}, 400),
    ):
        assert guarded.post(URL, json={**COMMENT, **wrong}, headers=keys["all"]).status_code == status
    assert guarded.post(URL.replace("-03", "-04"), json=COMMENT, headers=keys["all"]).status_code == 404
    assert guarded.get(URL, headers=keys["all"]).json()["comments"] == []
    for team in ("nobody", "%00"):
        assert guarded.get(f"{URL}?team={team}", headers=keys["all"]).status_code == 404
