"""An AWS of this machine: moto's server for S3, STS, Organizations and Cost Explorer, and made-up credentials."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from app.actions.ingest import Run, run_source
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.viewer import operator
from app.settings import Settings
from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import engine as duckdb_engine
from ingest.files import bill_files
from ingest.kind import Kind, Opening, SourceSettings
from ingest.pipeline import no_progress
from tests.trueup import Trueup


@dataclass(frozen=True)
class Moto:
    """moto's server."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.url)

    def bucket(self, name: str = "bills") -> "Store":
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        return Store(s3, name)

    def will_cost(self, *pages: dict[str, Any]) -> None:
        """What Cost Explorer answers to the next different requests."""
        told = httpx.post(f"{self.url}/moto-api/static/ce/cost-and-usage-results", json={"results": list(pages)})
        assert told.status_code == 201


@dataclass(frozen=True)
class Store:
    """A bucket to put bills into."""

    s3: Any
    name: str

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)

    def put_tree(self, folder: Path, prefix: str = "") -> None:
        """A folder as it is, data before manifests, as AWS delivers them."""
        files = sorted((each for each in folder.rglob("*") if each.is_file()), key=lambda each: each.suffix == ".json")
        for file in files:
            self.put(prefix + file.relative_to(folder).as_posix(), file.read_bytes())

    def remove(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield Moto(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made-up credentials, and none of this machine's own."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def moto(moto_server: Moto, credentials: None) -> Moto:
    """An AWS with nothing in it."""
    assert httpx.post(f"{moto_server.url}/moto-api/reset").status_code == 200
    return moto_server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between attempts, ours or the SDK's."""
    monkeypatch.setattr("ingest.aws.bucket.pause", lambda _seconds: None)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


Opener = Callable[..., OpenDelivery]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """`opened(KIND, folder, **settings)`: the delivery as its kind opens it."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with duckdb_engine(Settings(data_dir=tmp_path, threads=2), scratch) as backend:

        def open_(kind: Kind, *paths: Path, **told: Any) -> OpenDelivery:
            files = bill_files(paths, kind.suffixes)
            settings: SourceSettings = kind.settings(**told)
            return kind.open(
                Opening(backend, kind.choose(files) if kind.choose else files, scratch, no_progress, settings)
            )

        yield open_


Runner = Callable[..., Run]


@pytest.fixture
def run(trueup: Trueup) -> Runner:
    """`run(kind, **settings)`: a run of a source of that kind, which is added the first time."""
    added: set[str] = set()

    def run_(kind: str, month: Any = None, **told: Any) -> Run:
        if kind not in added:
            with write_session(trueup.engine) as session:
                add_source(session, operator(), kind=kind, name=kind, config=told)
            added.add(kind)
        return run_source(trueup.engine, operator(), trueup.config, kind, month=month)

    return run_
