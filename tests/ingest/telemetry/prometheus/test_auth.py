"""Each way of saying who we are, seen from the other end of the wire."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.errors import BadInput, NotPermitted
from ingest.telemetry.prometheus.auth import authentication
from ingest.telemetry.prometheus.client import Question, prometheus
from ingest.telemetry.prometheus.settings import PrometheusSettings
from tests.ingest.telemetry.prometheus import cluster as c
from tests.ingest.telemetry.prometheus.proxy import Proxy, Sent, before


@pytest.fixture
def proxy(server: str) -> Iterator[Proxy]:
    with before(server) as standing:
        yield standing


def ask(proxy: Proxy, **settings: object) -> Sent:
    told = PrometheusSettings.model_validate({"url": proxy.url, **settings})
    with prometheus(told) as server:
        assert server.ask(Question(f"count({c.ENGINE})", c.START + 3600, c.START + 7200, 3600)).series
    return proxy.sent[-1]


def test_basic(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_PASSWORD", "sesame")
    sent = ask(proxy, auth="basic", username="reader")
    assert base64.b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"reader:sesame"


def test_basic_needs_a_user() -> None:
    with pytest.raises(ValueError, match="needs --username"):
        PrometheusSettings(url="http://prometheus", auth="basic")  # type: ignore[arg-type]


def test_a_bearer_token_from_the_variable_that_is_named(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", "sesame")
    assert ask(proxy, auth="bearer", token_env="GRAFANA_TOKEN").headers["authorization"] == "Bearer sesame"


def test_sigv4_signs_what_was_sent(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "AKIDEXAMPLE", "SECRET_ACCESS_KEY": "sesame", "SESSION_TOKEN": "t"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    sent = ask(proxy, auth="sigv4", region="eu-central-1")
    request = botocore.awsrequest.AWSRequest(
        method="POST",
        url=proxy.url + sent.path,
        data=sent.body,
        headers={"Content-Type": sent.headers["content-type"], "Host": sent.headers["host"]},
    )
    request.context["timestamp"] = sent.headers["x-amz-date"]
    credentials = botocore.credentials.Credentials("AKIDEXAMPLE", "sesame", "t")
    signer = botocore.auth.SigV4Auth(credentials, "aps", "eu-central-1")
    request.headers["X-Amz-Date"] = sent.headers["x-amz-date"]
    request.headers["X-Amz-Security-Token"] = "t"
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert sent.headers["authorization"].endswith(f"Signature={signature}")
    assert "/eu-central-1/aps/aws4_request" in sent.headers["authorization"]
    assert sent.headers["x-amz-security-token"] == "t"


def test_google_credentials_become_a_token(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with TokenServer() as token_uri:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = tmp_path / "account.json"
        file.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "p",
                    "private_key": pem.decode(),
                    "client_email": "reader@p.iam.gserviceaccount.com",
                    "token_uri": token_uri,
                }
            )
        )
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        assert ask(proxy, auth="google").headers["authorization"] == "Bearer of-google"


def test_a_google_token_is_not_sent_in_the_clear() -> None:
    told = PrometheusSettings.model_validate({"url": "http://monitoring.example.com", "auth": "google"})
    with pytest.raises(BadInput, match="no TLS"):
        authentication(told)


def test_a_secret_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_TOKEN", raising=False)
    with pytest.raises(NotPermitted, match="no PROMETHEUS_TOKEN"):
        authentication(PrometheusSettings.model_validate({"url": "http://prometheus", "auth": "bearer"}))


@pytest.mark.parametrize("url", ["prometheus:9090", "ftp://prometheus"])
def test_an_address_begins_with_http(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with http"):
        PrometheusSettings(url=url)


class TokenServer:
    """Google's token endpoint."""

    def __enter__(self) -> str:
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                answer = json.dumps({"access_token": "of-google", "expires_in": 3600, "token_type": "Bearer"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/token"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
