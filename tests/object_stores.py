"""Object stores on this machine: moto's S3, and a small Google Cloud Storage that checks what it is given."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import boto3
import google_crc32c
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "archive"
Answer = tuple[int, bytes, dict[str, str]]  # status, body, headers


@dataclass(frozen=True)
class S3:
    """A bucket and its client."""

    url: str
    client: Any

    def list_keys(self) -> list[str]:
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def write(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)


@contextmanager
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@contextmanager
def s3_bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """An empty bucket that the SDK finds by its own variables, and gives up on without waiting."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    found = S3(url, boto3.client("s3", region_name="us-east-1", endpoint_url=url))
    found.client.create_bucket(Bucket=BUCKET)
    yield found
    for key in found.list_keys():
        found.remove(key)
    found.client.delete_bucket(Bucket=BUCKET)


@dataclass
class Gcs:
    """A bucket in memory; what it was asked; and what it answers to each method instead of doing it."""

    url: str
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # method, key
    faults: dict[str, int] = field(default_factory=dict)  # status by method

    def list_keys(self) -> list[str]:
        return sorted(self.objects)

    def read(self, key: str) -> bytes:
        return self.objects[key][0]

    def write(self, key: str, content: bytes) -> None:
        self.objects[key] = content, {}

    def remove(self, key: str) -> None:
        del self.objects[key]

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        key = unquote(parts.path.rpartition("/o/")[2]) if "/o/" in parts.path else ""
        described, uploaded = _parts(body) if method == "POST" else (dict[str, Any](name=key), b"")
        key = str(described["name"])
        self.asked.append((method, key))
        if method in self.faults:
            return _fault(self.faults[method], "told to fail")
        if f"/b/{BUCKET}/" not in parts.path:
            return _fault(404, "The specified bucket does not exist.")
        if method == "POST":
            if described["crc32c"] != _crc32c(uploaded):
                return _fault(400, "the checksum does not match")
            self.objects[key] = uploaded, dict(described.get("metadata", {}))
        return self._found(method, key, parts) if key in self.objects else _fault(404, "No such object")

    def _found(self, method: str, key: str, parts: SplitResult) -> Answer:
        content, metadata = self.objects[key]
        if method == "DELETE":
            del self.objects[key]
            return 204, b"", {}
        if parts.path.startswith("/download/") or parse_qs(parts.query).get("alt") == ["media"]:
            md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
            return 200, content, {"X-Goog-Hash": f"crc32c={_crc32c(content)},md5={md5}"}
        shown = {"name": key, "bucket": BUCKET, "size": str(len(content)), "metadata": metadata, "generation": "1"}
        return 200, json.dumps(shown).encode(), {}


def _crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def _fault(status: int, message: str) -> Answer:
    return status, json.dumps({"error": {"message": message}}).encode(), {}


def _parts(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Description and bytes of a multipart/related upload."""
    boundary, _, _ = body.partition(b"\r\n")
    _, description, content, _ = body.split(boundary)
    _, _, data = content.partition(b"\r\n\r\n")
    found = re.search(rb"\{.*\}", description, re.DOTALL)
    assert found
    return json.loads(found.group()), data.removesuffix(b"\r\n")


@contextmanager
def gcs_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    """An empty bucket that the SDK finds by its own variable."""
    bucket = Gcs("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content, headers = bucket.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  (as the server looks for them)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.url)
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
