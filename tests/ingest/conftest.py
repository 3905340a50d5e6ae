"""Figures that stand, for deliveries that must not move them, and the command line as a person meets it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine, make_engine
from app.settings import Settings, settings
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

TRUEUP = "from app.cli.main import main; main()"


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    stdout: str
    stderr: str


Command = Callable[..., Answer]


@pytest.fixture(scope="module")
def standing(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trueup]:
    """A Trueup with a live load: March 2026 of `aws`, USD 10."""
    folder = tmp_path_factory.mktemp("standing")
    engine = make_engine(module_database_url)
    trueup = Trueup(engine, Settings(database_url=module_database_url, data_dir=folder / "data", threads=2))
    trueup.ingest(write_csv(folder / "good.csv", [focus_row("7.5"), focus_row("2.5", ServiceName="Amazon S3")]))
    yield trueup
    engine.dispose()


def environment(trueup: Trueup) -> dict[str, str]:
    """The environment variables that point at this Trueup."""
    return {"TRUEUP_DATABASE_URL": trueup.config.database_url or "", "TRUEUP_DATA_DIR": str(trueup.config.data_dir)}


@pytest.fixture
def typed(standing: Trueup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """`trueup …` in this process: what `.venv/bin/trueup` calls."""
    for name, value in environment(standing).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    forget_engine()

    def run(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["trueup", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return Answer(code if isinstance(code, int) else 0, said.out, said.err)

    yield run
    configured_engine().dispose()
    forget_engine()
    settings.cache_clear()


@pytest.fixture
def spawned(standing: Trueup) -> Command:
    """`trueup …` in a process of its own."""

    def run(*words: str | Path) -> Answer:
        command = [sys.executable, "-c", TRUEUP, *map(str, words)]
        done = subprocess.run(
            command, env=os.environ | environment(standing), capture_output=True, text=True, timeout=60, check=False
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
