"""Posting to a real server on loopback."""

import hashlib
import hmac
import socket
from collections.abc import Iterator

import pytest

from app.errors import BadInput, NotPermitted, TrueupError, Unavailable
from app.notify import patience
from app.notify.webhook import Webhook
from tests.app.notify.servers import WebServer, web_server

SECRET = "s3cret"
BODY = '{"text":"Suche schuldet 1 €"}'.encode()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as running:
        yield running


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which nobody waits for here."""
    found: list[float] = []
    monkeypatch.setattr(patience, "pause", found.append)
    return found


def webhook(server: WebServer, secret: str | None = SECRET) -> Webhook:
    return Webhook(server.url, secret, lambda: 1_774_000_000.7)


def test_a_message_is_signed_so_that_its_receiver_can_check_it(server: WebServer) -> None:
    webhook(server).post(BODY)
    ((headers, body),) = server.posts
    assert body == BODY
    assert headers["content-type"] == "application/json"
    signed = hmac.new(SECRET.encode(), b"1774000000." + BODY, hashlib.sha256).hexdigest()
    assert (headers["x-trueup-timestamp"], headers["x-trueup-signature"]) == ("1774000000", f"sha256={signed}")
    webhook(server, None).post(BODY)
    assert not {"x-trueup-signature", "x-trueup-timestamp"} & set(server.posts[1][0])


def test_a_fault_that_passes_is_tried_again_as_the_same_delivery(server: WebServer, waits: list[float]) -> None:
    server.answers += [(503, {}, ""), (429, {"Retry-After": "7"}, ""), (500, {"Retry-After": "soon"}, "")]
    webhook(server).post(BODY)
    assert len(server.posts) == 4
    assert len({headers["x-trueup-delivery"] for headers, _ in server.posts}) == 1
    assert waits[1] == 7
    assert 0 < waits[0] < 3 < waits[2] < 6


def test_a_server_that_asks_for_long_patience_does_not_hold_us_up(server: WebServer, waits: list[float]) -> None:
    server.answers += [(429, {"Retry-After": "86400"}, "")]
    webhook(server).post(BODY)
    assert waits == [30]


def test_a_server_that_stays_down_is_unavailable(server: WebServer) -> None:
    server.answers += [(502, {}, "bad gateway")] * 4
    with pytest.raises(Unavailable, match=r"answered 502 \(bad gateway\)"):
        webhook(server).post(BODY)
    assert len(server.posts) == 4


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadInput), (404, BadInput), (302, BadInput), (401, NotPermitted), (403, NotPermitted)]
)
def test_a_refusal_is_told_at_once(server: WebServer, status: int, error: type[TrueupError]) -> None:
    server.answers += [(status, {"Location": "/elsewhere"}, f"no_team at {server.url} with {SECRET}")]
    with pytest.raises(error) as refused:
        webhook(server).post(BODY)
    assert len(server.posts) == 1
    assert f"127.0.0.1 answered {status} (no_team at … with …)" in str(refused.value)


def test_what_cannot_be_reached_gives_no_secret_away(waits: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/secret-path"
    with pytest.raises(Unavailable) as failed:
        Webhook(url, SECRET, lambda: 0.0).post(BODY)
    assert len(waits) == 3
    seen: BaseException | None = failed.value
    while seen is not None:
        assert "secret" not in str(seen)
        seen = seen.__cause__
    assert "cannot be reached (ConnectError)" in str(failed.value)


@pytest.mark.parametrize("url", ["", "hooks.example.com", "file:///etc/passwd", "https://"])
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="TRUEUP_WEBHOOK_URL"):
        Webhook(url, None, lambda: 0.0)
