"""Whatever goes wrong that a person can act on is one message and exit code 1."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine
from app.settings import settings
from tests.conftest import database_of

Fails = Callable[..., str]


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Fails]:
    """What a command says on stderr when it fails with the database at a URL."""
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(tmp_path / "data"))

    def run(url: str, *words: str) -> str:
        monkeypatch.setenv("TRUEUP_DATABASE_URL", url)
        monkeypatch.setattr(sys, "argv", ["trueup", *words])
        settings.cache_clear()
        forget_engine()
        with pytest.raises(SystemExit) as ended:
            main()
        configured_engine().dispose()
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (1, "")
        return said.err

    yield run
    configured_engine().dispose()
    forget_engine()
    settings.cache_clear()


def test_a_database_that_is_not_there_is_said_to_be(fails: Fails) -> None:
    message = fails("postgresql://nobody@127.0.0.1:1/nothing", "sources", "list")
    assert message.startswith("trueup: The database cannot be used: ")
    assert message.endswith("Check TRUEUP_DATABASE_URL; `trueup doctor` tells more.\n")
    assert message.count("\n") == 1


def test_a_database_without_tables_is_sent_to_the_upgrade(fails: Fails, admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier("bare")))
    try:
        message = fails(database_of(admin_url, "bare"), "sources", "list")
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier("bare")))
    assert message == "trueup: The database has no tables of this version yet. Run `trueup db upgrade`.\n"


def test_an_error_of_ours_is_its_message(fails: Fails, database_url: str) -> None:
    message = fails(database_url, "sources", "remove", "aws")
    assert message == "trueup: There is no source called 'aws'. There is none yet: `trueup sources add`.\n"
