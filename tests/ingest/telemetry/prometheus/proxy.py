"""A proxy in front of a Prometheus on this machine, which can be told to falter and sees what is sent."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import httpx


@dataclass(frozen=True)
class Sent:
    """A request that came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def points(self) -> int:
        told = self.form
        return (int(told["end"]) - int(told["start"])) // int(told["step"]) + 1


@dataclass
class Proxy:
    """Where it listens, what it was sent, and the answers it gives instead of the server's, first ones first."""

    url: str
    faults: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    rewrite: Callable[[bytes], bytes] | None = None
    turned_away: list[Sent] = field(default_factory=list)

    def ranges(self) -> list[Sent]:
        return [each for each in self.sent if each.path.endswith("/query_range")]


@contextmanager
def before(server: str, *, prefix: str = "") -> Iterator[Proxy]:
    """A proxy that leaves `prefix` away from paths before it asks `server`. Only range queries falter."""
    proxy = Proxy("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = Sent(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            proxy.sent.append(sent)
            if proxy.faults and sent.path.endswith("/query_range"):
                proxy.turned_away.append(sent)
                self._say(*proxy.faults.pop(0))
                return
            assert self.path.startswith(prefix)
            headers = {"Content-Type": self.headers.get("Content-Type", "text/plain")}
            found = httpx.request(self.command, server + self.path.removeprefix(prefix), content=body, headers=headers)
            content = proxy.rewrite(found.content) if proxy.rewrite else found.content
            self._say(found.status_code, {}, content)

        def _say(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{listening.server_port}{prefix}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
