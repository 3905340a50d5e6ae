"""Who gets in, and who is told to sign in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from app.actions.keys import create_key, revoke_key
from app.db.session import write_session
from app.domain.viewer import Scope, operator
from app.settings import settings

PAGE = {"accept": "text/html"}
Maker = Callable[..., str]


@pytest.fixture
def a_key(guarded: TestClient) -> Maker:
    def make(*scopes: Scope, age_days: int = 0) -> str:
        now = datetime.now(UTC) - timedelta(days=age_days)
        with write_session() as session:
            return create_key(session, operator(), name="ann", scopes=scopes or [Scope.READ_COSTS], now=now).text

    return make


def test_without_sign_in_only_names_of_this_machine_are_answered(client: TestClient) -> None:
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"):
        assert client.get("/api/v1/whoami", headers={"host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example", "[::1", ""):
        assert client.get("/api/v1/whoami", headers={"host": host}).status_code == 421


def test_a_host_name_can_be_allowed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEUP_ALLOWED_HOSTS", "costs.example, bill.example")
    settings.cache_clear()
    assert client.get("/api/v1/whoami", headers={"host": "bill.example"}).status_code == 200
    settings.cache_clear()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[evil"])
def test_a_page_from_elsewhere_changes_nothing(client: TestClient, origin: str) -> None:
    wanted = {"name": "evil", "scopes": ["admin"]}
    assert client.post("/api/v1/keys", json=wanted, headers={"origin": origin}).status_code == 403
    assert client.get("/api/v1/keys").json() == {"keys": []}
    assert client.post("/api/v1/keys", json=wanted, headers={"origin": "http://localhost"}).status_code == 201


def test_the_api_wants_a_key(guarded: TestClient) -> None:
    answer = guarded.get("/api/v1/costs?start=2026-03&end=2026-04")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies", "/metrics", "/api/openapi.json"])
def test_what_the_dashboard_is_made_of_wants_a_key_too(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 401
    assert guarded.post("/_dash-update-component", json={}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/trends?group_by=team", "/nowhere"])
def test_a_page_sends_people_to_the_form_and_back(guarded: TestClient, a_key: Maker, path: str) -> None:
    answer = guarded.get(path, headers=PAGE)
    assert answer.status_code == 303
    form = guarded.get(answer.headers["location"])
    assert form.status_code == 200
    assert f'name="next" value="{path}"' in form.text
    signed_in = guarded.post("/login", data={"key": a_key(), "next": path})
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, path)
    assert guarded.get(path, headers=PAGE).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded: TestClient, a_key: Maker) -> None:
    cookie = guarded.post("/login", data={"key": a_key()}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    guarded.post("/logout")
    assert guarded.get("/api/v1/whoami").status_code == 401


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_to_no_other_site(guarded: TestClient, a_key: Maker, elsewhere: str) -> None:
    answer = guarded.post("/login", data={"key": a_key(), "next": elsewhere})
    assert answer.headers["location"] == "/"


def test_what_comes_in_the_address_is_shown_as_text(guarded: TestClient) -> None:
    assert '"><script>' not in guarded.get('/login?next=/"><script>alert(1)</script>').text


def test_a_key_comes_in_either_header(guarded: TestClient, a_key: Maker) -> None:
    key = a_key()
    for header in ({"authorization": f"Bearer {key}"}, {"x-api-key": key}):
        assert guarded.get("/api/v1/whoami", headers=header).json() == {
            "name": "key:ann",
            "scopes": ["read:costs"],
            "teams": None,
        }


def test_a_key_that_is_wrong_expired_or_revoked_opens_nothing(guarded: TestClient, a_key: Maker) -> None:
    revoked = a_key()
    with write_session() as session:
        revoke_key(session, operator(), revoked.split("_")[1], now=datetime.now(UTC))
    for key in ("", "nonsense", "tu_x_y", f"{a_key()}x", revoked, a_key(age_days=366)):
        assert guarded.get("/api/v1/whoami", headers={"x-api-key": key}).status_code == 401
        assert guarded.post("/login", data={"key": key or "-"}).status_code == 401


def test_a_key_without_the_scope_is_told_which_it_lacks(guarded: TestClient, a_key: Maker) -> None:
    answer = guarded.get("/api/v1/keys", headers={"x-api-key": a_key()})
    assert answer.status_code == 403
    assert "'admin'" in answer.json()["detail"]


def test_health_needs_no_key(guarded: TestClient) -> None:
    assert guarded.get("/api/v1/health/live").json() == {"status": "live"}
    assert guarded.get("/api/v1/health/ready").json() == {"status": "ready"}
