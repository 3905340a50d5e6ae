"""Google Cloud on this machine: a BigQuery that runs SQL, and a Cloud Billing that speaks its own protobufs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.ingest.gcp.fake_billing import FakeBilling, serve

EXTENSIONS = "from duckdb_extensions import import_extension as get; get('spatial'); get('icu')"
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def bigquery_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a BigQuery emulator. Its DuckDB extensions stay in a home of its own, away from ours."""
    home = tmp_path_factory.mktemp("bqemulator")
    environment = {**os.environ, "HOME": str(home), "OTEL_SDK_DISABLED": "true"}
    subprocess.run([sys.executable, "-c", EXTENSIONS], env=environment, check=True, timeout=START_SECONDS)
    rest, grpc = free_port(), free_port()
    command = [str(Path(sys.executable).with_name("bqemulator")), "start", "--log-level", "error"]
    ports = ["--rest-port", str(rest), "--grpc-port", str(grpc)]
    with (
        (home / "log").open("w") as log,
        subprocess.Popen([*command, *ports], env=environment, cwd=home, stdout=log, stderr=log) as emulator,
    ):
        endpoint = f"http://127.0.0.1:{rest}"
        try:
            _wait_for(endpoint, emulator, home / "log")
            yield endpoint
        finally:
            emulator.terminate()


def _wait_for(endpoint: str, emulator: "subprocess.Popen[bytes]", log: Path) -> None:
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience and emulator.poll() is None:
        try:
            requests.get(f"{endpoint}/bigquery/v2/projects/acme-finops/datasets", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the BigQuery emulator does not start: {log.read_text()[-2000:]}")


@pytest.fixture
def big(bigquery_endpoint: str) -> Iterator[bigquery.Client]:
    """A client of the emulator."""
    client = bigquery.Client(
        project="acme-finops",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": bigquery_endpoint},
    )
    yield client
    client.close()


@pytest.fixture
def billing() -> Iterator[tuple[FakeBilling, str]]:
    """A Cloud Billing, and its address."""
    fake = FakeBilling()
    server, endpoint = serve(fake)
    yield fake, endpoint
    server.stop(grace=None)
