"""An ingest that is killed: a process that ends itself the hard way when it reaches a stage."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

import app.actions.ingest
import ingest.archive
import ingest.detail
import ingest.pipeline
from app.actions.ingest import ingest_paths
from app.db.session import make_engine
from app.domain.viewer import operator
from app.settings import Settings
from ingest.files import SourceFile

# Processes are forked from one that has imported everything already and holds no connection.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def ingest_until(fatal: str, config: Settings, file: Path) -> int:
    """The exit code of a process that ingests `file` into `aws` and is killed at the stage `fatal`."""
    process = _CONTEXT.Process(target=_ingest, args=(fatal, config, file, dict(os.environ)))
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    return -1 if code is None else code


def _die(*_arguments: Any, **_options: Any) -> None:
    """No handler, no `finally` and no rollback runs."""
    os.kill(os.getpid(), signal.SIGKILL)


def _ingest(fatal: str, config: Settings, file: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)  # the server that forks was started with another
    match fatal:
        case "archive":
            ingest.archive.__dict__["_copy"] = _half_a_copy
        case "detail":
            ingest.detail.json.dumps = _die  # type: ignore[attr-defined]
        case "commit":
            _die_once_the_detail_is_written("before_commit")
        case "after":
            _die_once_the_detail_is_written("after_commit")
        case "audit":
            app.actions.ingest.record = _die  # type: ignore[attr-defined]

    def progress(stage: str, _done: int) -> None:
        if stage == fatal:
            _die()

    assert config.database_url
    ingest_paths(make_engine(config.database_url), operator(), config, [file], source_name="aws", progress=progress)


def _half_a_copy(file: SourceFile, target: Path, _sha256: str) -> None:
    data = file.path.read_bytes()
    target.parent.mkdir(parents=True)
    target.write_bytes(data[: len(data) // 2])
    _die()


def _die_once_the_detail_is_written(moment: str) -> None:
    """The detail is written last, so the next commit is the one that makes the load live."""

    def armed(*arguments: Any) -> None:
        ingest.detail.write_detail(*arguments)
        event.listen(Session, moment, _die)

    ingest.pipeline.__dict__["write_detail"] = armed
