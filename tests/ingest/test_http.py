"""A vendor's HTTP API: asked again when it falters, given up with a message that says what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

import ingest.http
from app.errors import BadInput, NotFound, NotPermitted, Unavailable
from ingest.http import ATTEMPTS, Service, exact_json, pages, service
from ingest.monthly import next_page
from tests.ingest.fake_api import RESET, FakeApi, paged, serving


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as found:
        found.routes["/v1/thing"] = lambda _: b"{}"
        yield found


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each wait between attempts would have been."""
    found: list[float] = []
    monkeypatch.setattr(ingest.http, "pause", found.append)
    return found


@pytest.fixture
def client(api: FakeApi) -> Iterator[Service]:
    with service("Acme", f"{api.url}/v1", remedy="Make a new key.", headers={"x-key": "s3cret"}) as found:
        yield found


def test_the_bytes_come_as_they_are(api: FakeApi, client: Service) -> None:
    api.routes["/v1/thing"] = lambda query: f'{{"a":  1.10, "q": "{query["a[]"]}"}}'.encode()
    assert client.get("thing", [("a[]", "x"), ("a[]", "y")]) == b'{"a":  1.10, "q": "[\'x\', \'y\']"}'
    assert api.asked[0].headers["x-key"] == "s3cret"


@pytest.mark.parametrize("fault", [(500, {}), (503, {}), (529, {}), (429, {}), (408, {}), RESET])
def test_a_fault_that_passes_is_waited_out(
    api: FakeApi, client: Service, waits: list[float], fault: tuple[int, dict[str, str]] | str
) -> None:
    api.faults += [fault, fault]
    assert client.get("thing") == b"{}"
    assert len(waits) == 2
    assert 0 < waits[0] < waits[1] <= 5


def test_retry_after_is_honoured_in_seconds_and_as_a_date(api: FakeApi, client: Service, waits: list[float]) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    api.faults += [(429, {"Retry-After": "7"}), (429, {"Retry-After": then})]
    assert client.get("thing") == b"{}"
    assert waits[0] == 7
    assert 30 < waits[1] <= 40


def test_a_long_wait_is_left_to_the_next_run(api: FakeApi, client: Service, waits: list[float]) -> None:
    api.faults.append((429, {"Retry-After": "3600"}))
    with pytest.raises(Unavailable, match=r"429.*wait 3600 seconds"):
        client.get("thing")
    assert waits == []


def test_what_does_not_pass_is_unavailable(api: FakeApi, client: Service, waits: list[float]) -> None:
    api.faults += [(500, {})] * ATTEMPTS
    with pytest.raises(Unavailable, match=r"Acme answered 500 to http://127.0.0.1:.*/v1/thing .*told to fail"):
        client.get("thing")
    assert len(waits) == ATTEMPTS - 1
    assert len(api.asked) == ATTEMPTS


def test_nobody_listening_is_unavailable(waits: list[float]) -> None:
    with serving() as gone:
        url = gone.url
    with service("Acme", url, remedy="") as client, pytest.raises(Unavailable, match="Acme cannot be reached at"):
        client.get("thing")
    assert len(waits) == ATTEMPTS - 1


@pytest.mark.parametrize("key", ["s3cret\nX-More: 1", "s3crét"])
def test_a_key_that_cannot_be_sent_is_not_shown(api: FakeApi, key: str) -> None:
    with pytest.raises(BadInput) as refused, service("Acme", api.url, remedy="", headers={"x-key": key}) as client:
        client.get("thing")
    assert "s3cr" not in str(refused.value)
    assert api.asked == []


def test_an_address_that_is_no_http_is_refused_at_once(waits: list[float]) -> None:
    with service("Acme", "ftp://127.0.0.1", remedy="") as client, pytest.raises(BadInput, match="Check the address"):
        client.get("thing")
    assert waits == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_turned_away_says_what_to_do_and_never_shows_itself(
    api: FakeApi, client: Service, waits: list[float], status: int
) -> None:
    api.faults.append((status, {}))
    with pytest.raises(NotPermitted, match=f"{status}.*Make a new key") as refused:
        client.get("thing", {"signature": "s3cret"})
    assert "s3cret" not in str(refused.value)
    assert waits == []


def test_what_is_not_there_or_not_understood_is_not_asked_again(
    api: FakeApi, client: Service, waits: list[float]
) -> None:
    with pytest.raises(NotFound, match="404"):
        client.get("nothing")
    api.faults.append((400, {}))
    with pytest.raises(BadInput, match=r"400.*told to fail"):
        client.get("thing")
    assert waits == []


def test_a_redirect_carries_no_key_elsewhere(api: FakeApi, client: Service) -> None:
    api.faults.append((302, {"Location": f"{api.url}/v1/elsewhere"}))
    with pytest.raises(BadInput, match="302"):
        client.get("thing")
    assert api.paths() == ["/v1/thing"]


def test_pages_are_followed_to_the_last(api: FakeApi, client: Service, waits: list[float]) -> None:
    api.routes["/v1/list"] = lambda query: paged([{"n": n} for n in range(5)], query, at_once=2)
    api.faults.append((500, {}))
    found = list(pages(client, "list", {"limit": 2}, cursor=next_page))
    assert [[each["n"] for each in page.content["data"]] for page in found] == [["0", "1"], ["2", "3"], ["4"]]
    assert [each.query.get("page") for each in api.asked] == [None, None, ["page_2"], ["page_4"]]
    assert all(each.query["limit"] == ["2"] for each in api.asked)
    assert exact_json(found[0].raw) == found[0].content


def test_pages_that_go_round_in_a_circle_are_refused(api: FakeApi, client: Service) -> None:
    api.routes["/v1/list"] = lambda _: {"data": [], "has_more": True, "next_page": "again"}
    with pytest.raises(BadInput, match="never end"):
        list(pages(client, "list", cursor=next_page))


@pytest.mark.parametrize(
    "answer", [b"<html>Log in</html>", b"[]", b'{"data": [], "has_more": true}', b'{"has_more": false}']
)
def test_an_answer_that_is_no_page_is_refused_rather_than_read_in_part(
    api: FakeApi, client: Service, answer: bytes
) -> None:
    api.routes["/v1/list"] = lambda _: answer
    with pytest.raises(BadInput, match="something else than the JSON it documents"):
        list(pages(client, "list", cursor=next_page))


def test_numbers_keep_every_digit() -> None:
    read = exact_json(b'{"value": 123.4567890123456789, "n": 1234567890123456789, "e": 1E-7, "b": true, "z": null}')
    assert read == {"value": "123.4567890123456789", "n": "1234567890123456789", "e": "1E-7", "b": True, "z": None}


def test_a_download_that_breaks_off_is_begun_again(
    api: FakeApi, client: Service, waits: list[float], tmp_path: Path
) -> None:
    body = bytes(range(256)) * 9000
    api.routes["/v1/file"] = lambda _: body
    api.faults.append(RESET)
    done: list[int] = []
    target = client.download("file", tmp_path / "file", lambda _, size: done.append(size))
    assert target.read_bytes() == body
    assert sum(done) == len(body)
    assert client.headers("file")["etag"] == '"v1"'


def test_a_download_that_fails_leaves_nothing(
    api: FakeApi, client: Service, waits: list[float], tmp_path: Path
) -> None:
    with pytest.raises(NotFound):
        client.download("nothing", tmp_path / "file", lambda _stage, _done: None)
    assert list(tmp_path.iterdir()) == []
