"""Connections and the one transaction boundary."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from app.db.embedded import server_url
from app.settings import Settings, settings

DATABASE = "trueup"


def database_url(config: Settings, database: str = DATABASE) -> str:
    """The URL of Trueup's database; the embedded server's `database` when no URL is configured."""
    if config.database_url:
        return config.database_url
    admin = server_url(config.embedded_dir)
    create_database(admin, database)
    return make_url(admin).set(database=database).render_as_string(hide_password=False)


def create_database(admin: str, database: str) -> None:
    """Creates `database` on the server of the URL `admin`, unless it is there."""
    with psycopg.connect(admin, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


def make_engine(url: str) -> Engine:
    """An engine on `url` with psycopg, sized for the 40 threads that serve requests."""
    target = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(target, pool_size=10, max_overflow=30, pool_pre_ping=True)


_OPENING = Lock()


def engine() -> Engine:
    """This process's engine, on the configured database."""
    with _OPENING:  # two threads that ask first must not both start the embedded server
        return _engine()


@cache
def _engine() -> Engine:
    return make_engine(database_url(settings()))


def forget_engine() -> None:
    """Closes the engine; the next caller opens the database that is configured then."""
    if _engine.cache_info().currsize:
        _engine().dispose()
    _engine.cache_clear()


@contextmanager
def read_session(bound: Engine | None = None) -> Iterator[Session]:
    """A session that sees one moment of the data and can change nothing."""
    with Session(bound or engine()) as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield session
        session.rollback()


@contextmanager
def write_session(bound: Engine | None = None) -> Iterator[Session]:
    """A session whose changes are committed together at the end, or not at all."""
    with Session(bound or engine()) as session, session.begin():
        yield session
