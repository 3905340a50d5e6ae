"""A bucket of each kind, and the same questions for both."""

from collections.abc import Iterator

import pytest

from app.archive.store import ObjectStore, object_store
from app.settings import Settings
from tests.object_stores import BUCKET, S3, Gcs, gcs_bucket, moto_server, s3_bucket


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    with s3_bucket(moto, monkeypatch) as bucket:
        yield bucket


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    with gcs_bucket(monkeypatch) as bucket:
        yield bucket


@pytest.fixture(params=["s3", "gs"])
def bucket(request: pytest.FixtureRequest) -> S3 | Gcs:
    found: S3 | Gcs = request.getfixturevalue({"s3": "s3", "gs": "gcs"}[request.param])
    return found


@pytest.fixture
def store(bucket: S3 | Gcs) -> ObjectStore:
    found = object_store(Settings(archive_url=f"{'s3' if isinstance(bucket, S3) else 'gs'}://{BUCKET}/some/where/"))
    assert found
    return found
