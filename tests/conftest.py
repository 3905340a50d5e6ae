"""What every test can have: a migrated database of its own on a real Postgres, and the settings that go with it."""

import atexit
import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from app.db.embedded import server_url
from app.db.migrate import upgrade
from app.db.session import make_engine
from app.settings import Settings, settings
from tests.trueup import Trueup

TEMPLATE = "template_trueup"
OWN_DATABASE = {"database_url", "module_database_url"}  # fixtures that make one
SERVER = "TRUEUP_TEST_SERVER"  # the folder of this run's server, for its workers
EVERY_TEST = "TRUEUP_EVERY_TEST"  # `make proof` sets it: also those marked long
OPTIONAL = "optional"  # how the reason of a skip begins that is allowed everywhere: a tool not every machine can have


def pytest_configure(config: pytest.Config) -> None:
    """Makes the folder of the server that the workers of this run share.

    Not below pytest's own: a second run would close that to the user the server runs as.
    """
    if not hasattr(config, "workerinput"):
        os.environ[SERVER] = tempfile.mkdtemp(prefix="trueup-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes it, once the last server process has gone."""
    if not hasattr(config, "workerinput"):
        atexit.register(shutil.rmtree, os.environ[SERVER], ignore_errors=True)


@pytest.fixture(scope="session")
def admin_url() -> str:
    """A server shared by the workers of this run; it stops with the last of them."""
    folder = Path(os.environ[SERVER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker makes it, the others find it
        url = server_url(folder / "postgres")
    with psycopg.connect(url, autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        admin.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def worker_template(admin_url: str) -> Iterator[str]:
    """The name of an empty, migrated database that others of this worker are copied from."""
    name = f"{TEMPLATE}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    engine = make_engine(database_of(admin_url, name))
    upgrade(engine)
    engine.dispose()
    yield name
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def database_of(admin_url: str, name: str) -> str:
    return make_url(admin_url).set(database=name).render_as_string(hide_password=False)


_numbers = itertools.count()


def copied_database(admin_url: str, template: str) -> Iterator[str]:
    name = f"{template}_{next(_numbers)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    yield database_of(admin_url, name)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def shared_engine(admin_url: str, worker_template: str) -> Iterator[Engine]:
    """One database for all tests that roll back."""
    for url in copied_database(admin_url, worker_template):
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session in a transaction that is rolled back."""
    with shared_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        transaction.rollback()


@pytest.fixture
def database_url(admin_url: str, worker_template: str) -> Iterator[str]:
    """A migrated, empty database for one test that commits."""
    yield from copied_database(admin_url, worker_template)


@pytest.fixture(scope="module")
def module_database_url(admin_url: str, worker_template: str) -> Iterator[str]:
    """A migrated, empty database for the tests of a module, which leave it as they found it."""
    yield from copied_database(admin_url, worker_template)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a database of this test's own."""
    opened = make_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Settings:
    """Settings for a Trueup of this test's own."""
    return Settings(database_url=database_url, data_dir=tmp_path / "data", threads=2)


@pytest.fixture
def trueup(engine: Engine, config: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trueup]:
    """A Trueup of this test's own; reports find its archive as they do in a real one, by the environment."""
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(config.data_dir))
    settings.cache_clear()
    yield Trueup(engine, config)
    settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sample bills, where they are present."""
    folder = os.environ.get("TRUEUP_SHARED")
    if not folder:
        pytest.skip("TRUEUP_SHARED is not set: the real sample bills are not here")
    return Path(folder) / "data"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser for journeys."""
    found = os.environ.get("TRUEUP_CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.skip("no Chromium on this machine")
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test with a database of its own takes too long for the fast loop (`make check`), a long one for every run."""
    long = [] if os.environ.get(EVERY_TEST) else [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]
    for item in items:
        if OWN_DATABASE & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped that is not optional: a skip there means that the machine was set up wrongly."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    found = reporter.stats.get("skipped", []) if reporter else []
    skipped = [each for each in found if f"Skipped: {OPTIONAL}" not in str(each.longrepr)]
    if os.environ.get("TRUEUP_NO_SKIPS") and reporter and skipped:
        reporter.write_line(f"{len(skipped)} tests were skipped, and here none may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
