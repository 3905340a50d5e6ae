"""A web server and a mail server on loopback, which keep what they are handed and answer as they are told."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = "127.0.0.1"


@dataclass
class WebServer:
    """What was posted, as headers and body; the next answers, as status, headers and body. Out of those, 200."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def web_server() -> Iterator[WebServer]:
    kept = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, text = kept.answers.pop(0) if kept.answers else (200, {}, "ok")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (as it is called)
            pass

    server = ThreadingHTTPServer((HERE, 0), Handler)
    kept.url = f"http://{HERE}:{server.server_port}/services/T0/secret-path"
    with _running(server):
        yield kept


@dataclass
class MailBox:
    """What was mailed, to whom, over TLS or not; `refusals` answer the next commands of a name with a code."""

    port: int = 0
    mails: list[tuple[list[str], EmailMessage, bool]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refusals: dict[str, list[int]] = field(default_factory=dict)

    def refusal(self, command: str) -> int | None:
        waiting = self.refusals.get(command)
        return waiting.pop(0) if waiting else None


class _Smtp(socketserver.StreamRequestHandler):
    """Just enough of SMTP (RFC 5321) for a client that means well."""

    server: "_SmtpServer"

    def setup(self) -> None:
        super().setup()
        self.secure = False
        self.recipients: list[str] = []

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            command = line.split()[0].upper()
            if code := self.server.kept.refusal(command):
                self.say(f"{code} no: {line}")
            else:
                getattr(self, f"on_{command.lower()}", self.on_anything)(line)
            if command == "QUIT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
        self.wfile.flush()

    def on_quit(self, _line: str) -> None:
        self.say("221 bye")

    def on_anything(self, _line: str) -> None:
        self.say("250 ok")

    def on_ehlo(self, _line: str) -> None:
        tls = self.server.tls and not self.secure
        offers = ["here", *(["STARTTLS"] if tls else []), *(["AUTH PLAIN"] if self.server.auth else [])]
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def on_starttls(self, _line: str) -> None:
        assert self.server.tls
        self.say("220 go")
        secured = self.server.tls.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        self.connection = secured
        self.rfile, self.wfile = secured.makefile("rb"), secured.makefile("wb")
        self.secure = True
        secured.do_handshake()

    def on_auth(self, line: str) -> None:
        self.server.kept.logins.append(line)
        self.say("235 welcome")

    def on_rcpt(self, line: str) -> None:
        self.recipients.append(line.partition("<")[2].partition(">")[0])
        self.say("250 ok")

    def on_data(self, _line: str) -> None:
        self.say("354 go")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.server.kept.mails.append((self.recipients, found, self.secure))
        self.say("250 kept")

    def finish(self) -> None:
        with suppress(OSError):  # the client hung up
            super().finish()
        self.connection.close()


class _SmtpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, kept: MailBox, tls: ssl.SSLContext | None, *, auth: bool) -> None:
        super().__init__((HERE, 0), _Smtp)
        self.kept, self.tls, self.auth = kept, tls, auth
        kept.port = self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up in the middle of a handshake


@contextmanager
def mail_box(*, tls: ssl.SSLContext | None = None, auth: bool = False) -> Iterator[MailBox]:
    """A server that offers TLS and a way to sign in, or does not."""
    kept = MailBox()
    with _running(_SmtpServer(kept, tls, auth=auth)):
        yield kept


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server on loopback shows, and the file by which a client trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "server.crt", folder / "server.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
