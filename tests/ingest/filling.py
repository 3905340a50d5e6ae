"""An ingest on a disk that fills up: a process that may not write more than a few bytes into a file from a stage on.

The kernel refuses its writes (EFBIG) as it does on a full disk (ENOSPC), whoever makes them: Python, DuckDB or Arrow.
"""

import multiprocessing
import resource
from pathlib import Path

from app.actions.ingest import ingest_paths
from app.db.session import make_engine
from app.domain.viewer import operator
from app.settings import Settings
from ingest.disk import FullDisk

ROOM = 100  # bytes a file may still grow to
FULL = 3

# Forked from a process that has imported everything already and holds no connection.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def ingest_on_a_full_disk(full_from: str, config: Settings, file: Path) -> int:
    """The exit code of a process that ingests `file` into `aws`: FULL when it says that the disk is full."""
    process = _CONTEXT.Process(target=_ingest, args=(full_from, config, file))
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    return -1 if code is None else code


def _ingest(full_from: str, config: Settings, file: Path) -> None:
    def progress(stage: str, _done: int) -> None:
        if stage == full_from:
            resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))

    assert config.database_url
    try:
        ingest_paths(make_engine(config.database_url), operator(), config, [file], source_name="aws", progress=progress)
    except FullDisk:
        raise SystemExit(FULL) from None
