"""A vendor's HTTP API on this machine: it answers from memory, in pages, and can be told to falter."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Query = Mapping[str, list[str]]
RESET = "reset"  # a fault: the connection is cut before an answer


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    path: str
    query: Query
    headers: Mapping[str, str]


@dataclass
class FakeApi:
    """What it answers on each path, what it was asked, and the faults it has still to show, first ones first."""

    url: str
    routes: dict[str, Callable[[Query], bytes | Any]] = field(default_factory=dict)
    faults: list[tuple[int, Mapping[str, str]] | str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    key: str | None = None  # what Authorization or x-api-key must hold

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body; status 0 cuts the connection."""
        if self.faults:
            fault = self.faults.pop(0)
            return (0, {}, b"") if isinstance(fault, str) else (*fault, b'{"error": {"message": "told to fail"}}')
        sent = asked.headers.get("x-api-key") or asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key is not None and sent != self.key:
            return 401, {}, b'{"error": {"message": "invalid or expired key"}}'
        if asked.path not in self.routes:
            return 404, {}, b'{"error": {"message": "no such endpoint"}}'
        found = self.routes[asked.path](asked.query)
        return 200, {"ETag": '"v1"'}, found if isinstance(found, bytes) else json.dumps(found).encode()

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]


@contextmanager
def serving() -> Iterator[FakeApi]:
    """A fake API on a port of its own until the block ends."""
    api = FakeApi("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer; two would wait for each other's acknowledgement

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True)
            api.asked.append(Asked(parts.path, query, {name.lower(): value for name, value in self.headers.items()}))
            status, headers, content = api.answer(api.asked[-1])
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def paged(items: list[Any], query: Query, *, at_once: int) -> dict[str, Any]:
    """A page of `items` as both model vendors cut them: `page` is an opaque cursor."""
    start = int(query.get("page", ["page_0"])[0].removeprefix("page_"))
    more = start + at_once < len(items)
    return {
        "data": items[start : start + at_once],
        "has_more": more,
        "next_page": f"page_{start + at_once}" if more else None,
    }
