"""Empty databases to migrate: on the wheel's PostgreSQL, and on Debian's, the oldest that Trueup supports."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url

from app.db.session import make_engine

_numbers = itertools.count()


@pytest.fixture(scope="session")
def debian_postgres() -> Iterator[str]:
    """A private cluster on a socket of its own, run by an ordinary user and gone at the end."""
    programs = os.environ.get("TRUEUP_DEBIAN_POSTGRES")
    if not programs:
        pytest.skip("TRUEUP_DEBIAN_POSTGRES is not set: no second PostgreSQL to test with")
    # Not under pytest's folder, which is closed to the user that runs the server.
    folder = Path(tempfile.mkdtemp(prefix="trueup-postgres-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *words: str) -> None:
        command = [*as_user, str(Path(programs) / program), "-D", str(folder / "data"), *words]
        subprocess.run(command, cwd="/", check=True, capture_output=True, timeout=60)

    try:
        run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c TimeZone=America/New_York"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["embedded", "Debian"])
def empty_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database of each PostgreSQL."""
    admin = request.getfixturevalue("admin_url" if request.param == "embedded" else "debian_postgres")
    name = f"empty_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_numbers)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    opened = make_engine(make_url(admin).set(database=name).render_as_string(hide_password=False))
    yield opened
    opened.dispose()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
