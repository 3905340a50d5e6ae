"""A Prometheus with a day of a small cluster in it, and what is pulled from it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import ibis
import pandas as pd
import pytest
from ibis.backends.duckdb import Backend

from ingest.files import bill_files
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.prometheus.client import prometheus
from ingest.telemetry.prometheus.kind import KIND
from ingest.telemetry.prometheus.pull import pull
from ingest.telemetry.prometheus.questions import Hours
from ingest.telemetry.prometheus.settings import PrometheusSettings
from tests.ingest.telemetry.prometheus.cluster import DAY, START, Cluster
from tests.ingest.telemetry.prometheus.server import backfill, serving

Pulled = Callable[..., "Pull"]


class Pull:
    """A pull on disk, and what was read from it."""

    def __init__(
        self, folder: Path, backend: Backend, opening: TelemetryOpening, window: tuple[object, object]
    ) -> None:
        self.folder, self.backend, self.opening, self.window = folder, backend, opening, window

    def frame(self, sql: str = "SELECT * FROM gpu_hours") -> pd.DataFrame:
        return pd.DataFrame(self.backend.con.execute(sql).to_arrow_table().to_pylist())


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture(scope="session")
def database(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a Prometheus that knows the cluster."""
    return backfill(cluster.metrics.values(), tmp_path_factory.mktemp("backfill"))


@pytest.fixture(scope="session")
def server(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    with serving(database, tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Pulled:
    """Pulls hours of the cluster's day from an address."""

    def at(url: str, *, first: int = 0, last: int = 24, **settings: object) -> Pull:
        folder, scratch = tmp_path_factory.mktemp("pull"), tmp_path_factory.mktemp("scratch")
        told = PrometheusSettings.model_validate({"url": url, **settings})
        hours = Hours(START + first * 3600, START + last * 3600)
        assert hours.end <= START + DAY
        with prometheus(told) as asked:
            pull(asked, told, hours, folder, lambda *_: None)
        backend = ibis.duckdb.connect()
        backend.raw_sql("SET timezone = 'UTC'")
        files = bill_files([folder], KIND.suffixes)
        opening = TelemetryOpening(backend, files, scratch, lambda *_: None, settings=told)
        assert KIND.hours
        return Pull(folder, backend, opening, KIND.hours(opening))

    return at


@pytest.fixture(scope="module")
def day(server: str, pulled: Pulled) -> Pull:
    """The whole day, pulled without a fault."""
    return pulled(server)
