"""The server, asked without a network."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.api.deps import reading, writing
from app.db.session import engine, forget_engine
from app.main import create_app
from app.settings import settings

HERE = "http://localhost"


@pytest.fixture(scope="session")
def server() -> FastAPI:
    return create_app()


@pytest.fixture
def client(server: FastAPI, session: Session) -> Iterator[TestClient]:
    """A browser on this machine, on figures that are rolled back."""
    server.dependency_overrides = {reading: lambda: session, writing: lambda: session}
    yield TestClient(server, base_url=HERE)
    server.dependency_overrides = {}


@pytest.fixture
def guarded(server: FastAPI, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser without a key, on a server that wants one, on a database of its own."""
    monkeypatch.setenv("TRUEUP_AUTH", "keys")
    monkeypatch.setenv("TRUEUP_DATABASE_URL", database_url)
    _forget_settings()
    with TestClient(server, base_url=HERE, follow_redirects=False) as opened:
        yield opened
    engine().dispose()
    _forget_settings()


def _forget_settings() -> None:
    settings.cache_clear()
    forget_engine()
