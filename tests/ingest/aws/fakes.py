"""What goes wrong on the way to AWS: a connection that breaks off, and answers of a store that is not well."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """One answer of a fake service."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claims: int | None = None  # the Content-Length, where it is not the body's: the connection ends before it


@dataclass(frozen=True)
class Asked:
    """A request that a fake service got."""

    path: str
    body: bytes
    headers: dict[str, str]


def error(code: str, status: int, message: str = "as it happens") -> Answer:
    """An error as S3 and STS write it."""
    told = f"<Code>{code}</Code><Message>{message}</Message>"
    # S3 has Error at the top, STS within ErrorResponse; each SDK parser takes its own.
    if code.startswith("sts:"):
        told = told.replace("sts:", "", 1)
        return Answer(f"<ErrorResponse><Error>{told}</Error></ErrorResponse>".encode(), status)
    return Answer(f"<Error>{told}</Error>".encode(), status)


def thing(body: bytes, etag: str = '"thing"', **headers: str) -> Answer:
    """A file as S3 hands it out."""
    when = {"Last-Modified": "Wed, 01 Jul 2026 06:00:00 GMT", "Date": "Thu, 02 Jul 2026 06:00:00 GMT"}
    return Answer(body, headers={"ETag": etag, **when, **headers})


@dataclass
class Service:
    """A server that gives its answers one after the other, the last for ever."""

    url: str
    asked: list[Asked]


@contextmanager
def answering(*answers: Answer | Callable[[Asked], Answer]) -> Iterator[Service]:
    """A service on a port of its own."""
    left = list(answers)
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = Asked(self.path, body, {name.lower(): value for name, value in self.headers.items()})
            asked.append(request)
            following = left.pop(0) if len(left) > 1 else left[0]
            answer = following if isinstance(following, Answer) else following(request)
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) if answer.claims is None else answer.claims))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.claims is not None

        do_GET = do_POST = do_HEAD = _answer  # noqa: N815  (http.server's names)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Service(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Line:
    """A connection to a server that breaks off: how many bytes each of the next connections lets through."""

    url: str
    cuts: list[int]
    on_cut: Callable[[], None] = lambda: None
    broke: int = 0


@contextmanager
def breaking_line(host: str, port: int, *cuts: int) -> Iterator[Line]:
    """A way to the server at `host` and `port` that breaks off after so many bytes, once for each of `cuts`."""
    listener = socket.create_server(("127.0.0.1", 0))
    line = Line(f"http://127.0.0.1:{listener.getsockname()[1]}", list(cuts))

    def back(client: socket.socket, server: socket.socket, let_through: int | None) -> None:
        passed = 0
        with suppress(OSError), client, server:
            while block := server.recv(65536):
                if let_through is not None and passed + len(block) > let_through:
                    client.sendall(block[: let_through - passed])
                    line.broke += 1
                    line.on_cut()
                    client.shutdown(socket.SHUT_RDWR)  # closing alone would wait for the thread that listens
                    return
                client.sendall(block)
                passed += len(block)

    def forth(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while block := client.recv(65536):
                server.sendall(block)
            server.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((host, port))
                let_through = line.cuts.pop(0) if line.cuts else None
                threading.Thread(target=back, args=(client, server, let_through), daemon=True).start()
                threading.Thread(target=forth, args=(client, server), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield line
    finally:
        listener.close()
