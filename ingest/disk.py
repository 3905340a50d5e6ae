"""A full disk, told apart from every other fault: what is full, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

import duckdb
from psycopg.errors import DiskFull

from app.errors import Unavailable
from app.settings import Settings

_REASONS = {
    ENOSPC: "no space is left",
    EDQUOT: "the quota of this user is used up",
    EFBIG: "a file there may not grow any further (`ulimit -f`)",
}
# How DuckDB and Arrow put it, what says most first; "offload" is a spill for which there was no room.
_TEXTS = {
    "No space left on device": ENOSPC,
    "Disk quota exceeded": EDQUOT,
    "File too large": EFBIG,
    "failed to offload data block": ENOSPC,
    "Could not write": ENOSPC,
}
_STANDS = "Nothing was booked, the figures are as they were."


class FullDisk(Unavailable):
    """There is no room for what an ingest has to write."""


@contextmanager
def naming_the_full_disk(config: Settings) -> Iterator[None]:
    """Raises FullDisk instead of whatever is raised inside because a disk is full."""
    try:
        yield
    except Exception as error:
        full = full_disk(error, config)
        if full is None or full is error:
            raise
        raise full from error


def full_disk(error: BaseException, config: Settings) -> FullDisk | None:
    """The error to show when `error`, or what led to it, is a full disk; else None."""
    for cause in _causes(error):
        if isinstance(cause, FullDisk):
            return cause
        if isinstance(cause, DiskFull):
            where = "where PostgreSQL keeps its data" if config.database_url else f"in {config.embedded_dir}"
            reason = cause.diag.message_primary or "disk full"
            return FullDisk(
                f"The database's disk is full ({reason}). {_STANDS} Make room {where}, then run this again."
            )
        if (number := _number(cause)) is not None:
            folder = _folder(cause, config)
            return FullDisk(
                f"{folder} is full: {_REASONS[number]}. {_STANDS} Make room there, or point TRUEUP_DATA_DIR at a"
                " folder with more room and copy the archive to it, then run this again."
            )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it: what was raised first often says it, the last often no longer does."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno in _REASONS:
        return error.errno
    if isinstance(error, OSError | duckdb.Error):
        return next((number for text, number in _TEXTS.items() if text in str(error)), None)
    return None


def _folder(error: BaseException, config: Settings) -> Path:
    """Where there is no room: the data folder, unless the error names a file elsewhere."""
    named = error.filename if isinstance(error, OSError) else None
    path = Path(named) if isinstance(named, str) else config.data_dir
    return config.data_dir if path.is_relative_to(config.data_dir) else path.parent
