"""Azurite, Microsoft's emulator of Blob storage, on a port of its own."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from ingest.azure import blobs

HERE = Path(__file__).parent / "azurite"
ACCOUNT = "devstoreaccount1"
# Azurite's own account and key, the same everywhere and documented ("Use the Azurite emulator").
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Storage:
    """A running Azurite."""

    account_url: str

    def connection_string(self, key: str = KEY) -> str:
        return f"AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={self.account_url};"

    def container(self, name: str) -> ContainerClient:
        """A new container."""
        client = BlobServiceClient.from_connection_string(self.connection_string()).get_container_client(name)
        client.create_container()
        return client


def upload(container: ContainerClient, root: Path) -> None:
    """Puts every file below `root` into the container, under its name from there."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            container.upload_blob(path.relative_to(root).as_posix(), path.read_bytes(), overwrite=True)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Storage]:
    """Azurite for the tests of this worker; it is installed the first time."""
    node = shutil.which("node")
    npm = shutil.which("npm")
    if not node or not npm:
        pytest.skip("no node and npm on this machine, so no Azurite")
    program = HERE / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    with (HERE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker installs it, the others find it
        if not program.exists():
            subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)
    options = ["--blobPort", "0", "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    with subprocess.Popen([node, str(program), *options], stdout=subprocess.PIPE, text=True, cwd=HERE) as server:
        assert server.stdout
        try:
            said = iter(server.stdout.readline, "")
            found = next(match for text in said if (match := re.search(r"listens on (http://\S+)", text)))
            yield Storage(f"{found[1]}/{ACCOUNT}")
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the credentials of whoever runs it, nor waits as long as production does between attempts."""
    monkeypatch.delenv(blobs.CONNECTION_STRING, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    quick = blobs.retry_policy()
    quick.initial_backoff = quick.increment_base = quick.random_jitter_range = 0
    monkeypatch.setattr(blobs, "retry_policy", lambda: quick)
