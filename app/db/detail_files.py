"""The files that drill-down reads of a delivery, fetched from the object store where this machine lacks them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from app.archive.copies import fetch, file_key
from app.archive.store import ObjectStore, object_store
from app.errors import NotFound
from app.settings import Settings

DESCRIPTION = "detail/detail.json"
KEYS = "detail/keys.parquet"
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Description:
    """What `ingest.detail` wrote beside a delivery's archive."""

    files: tuple[Mapping[str, Any], ...]
    sql: str
    received_at: datetime | None  # when the delivery came in whose booking wrote it; None before that was written down

    def serves(self, received_at: datetime) -> bool:
        """Whether it can explain the loads of a delivery of these bytes that came in then: it is that one's or later.

        A time, not a number of the database: that starts anew with a new database, whose keys are others.
        """
        return self.received_at is None or self.received_at >= received_at

    @property
    def parts(self) -> Iterator[str]:
        """The other files that belong to it, below the delivery's folder."""
        yield KEYS
        yield from (each["parquet"] for each in self.files)


def described(folder: Path) -> Description | None:
    """The description in a delivery's folder, if it is here."""
    path = folder / DESCRIPTION
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


def complete(config: Settings, source: str, sha256: str, received_at: datetime) -> Path:
    """The folder of the delivery that came in at `received_at`, with all in it that drill-down reads.

    Raises NotFound where neither this machine nor the object store has it, and what the store raises.
    """
    folder = config.archive_dir / source / sha256
    if _is_whole(folder, received_at):
        return folder
    store = object_store(config)
    if store is None:
        if _is_whole(folder, _EVER):
            return folder
        raise NotFound(
            f"The archived bill of '{source}' is not in {config.archive_dir}. Point TRUEUP_DATA_DIR at the folder that"
            " bills were ingested with, or TRUEUP_ARCHIVE_URL at the object store that keeps them."
        )
    with _lock(folder):  # of the threads that ask at once, one fetches
        if not _is_whole(folder, received_at):
            _fetch(store, config.archive_dir, folder, received_at)
    return folder


def _is_whole(folder: Path, received_at: datetime) -> bool:
    here = described(folder)
    return here is not None and here.serves(received_at) and all((folder / part).exists() for part in here.parts)


def _fetch(store: ObjectStore, root: Path, folder: Path, received_at: datetime) -> None:
    """Brings what is missing or of an earlier booking. The description comes last: where it is, the rest is."""

    def bring(part: str, target: str) -> None:
        fetch(store, file_key(root, folder / part), folder / target)

    here = described(folder)
    if here and here.serves(received_at):
        for part in here.parts:
            if not (folder / part).exists():
                bring(part, part)
        return
    coming = f"{DESCRIPTION}.fetched"
    bring(DESCRIPTION, coming)
    there = _parse(folder / coming)
    if not there.serves(received_at):
        raise NotFound(
            f"The archive {store.url} has an earlier booking of {file_key(root, folder)} only: the machine that made"
            " the later one does not keep its bills there. Set TRUEUP_ARCHIVE_URL on it, and copy its archive."
        )
    for part in there.parts:
        if not part.startswith("files/") or not (folder / part).exists():
            bring(part, part)
    (folder / coming).replace(folder / DESCRIPTION)


def _parse(path: Path) -> Description:
    stored = json.loads(path.read_text())
    received_at = stored.get("received_at")
    return Description(
        tuple(stored["files"]), stored["sql"], datetime.fromisoformat(received_at) if received_at else None
    )


@lru_cache(maxsize=256)
def _read(path: Path, _written: int) -> Description:
    """The description at `path`; `_written` is when it was, because another ingest may rewrite it."""
    return _parse(path)


@cache
def _lock(_folder: Path) -> Lock:
    return Lock()
