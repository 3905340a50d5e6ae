"""Files of the archive on their way to the object store and back, each sent only where it is missing."""

import hashlib
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from app.archive.store import ObjectStore
from app.errors import NotFound, TrueupError, Unavailable

_PROBE = ".trueup-probe"


def file_key(root: Path, file: Path) -> str:
    """The key of a file of the archive folder `root`."""
    return file.relative_to(root).as_posix()


def digest_in(key: str) -> str | None:
    """The SHA-256 that the bytes at `key` must have, where the key says so: `…/files/<sha256>/<name>`."""
    _source, _delivery, part, name, *_rest = [*key.split("/"), "", "", "", ""]
    return name if part == "files" else None


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def send(store: ObjectStore, key: str, file: Path) -> bool:
    """Puts `file` at `key`, unless it is there already. Returns whether it had to be sent."""
    addressed = digest_in(key)
    sha256 = addressed or file_sha256(file)
    there = store.find(key)
    if there and there.size == file.stat().st_size and (there.sha256 or addressed) == sha256:
        return False
    store.put(key, file, sha256)
    return True


def fetch(store: ObjectStore, key: str, target: Path) -> None:
    """Writes the object at `key` to `target`, whole or not at all.

    Raises NotFound when the store has none, and Unavailable when its bytes are not those that were archived or cannot
    be kept here.
    """
    there = store.find(key)
    if there is None:
        raise NotFound(
            f"The archive {store.url} has no {key}. Copy it there from the machine that ingested it (the folder"
            " `archive` in its data folder), or restore it from a backup."
        )
    partial = target.with_name(f"{target.name}.{uuid4().hex}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get(key, partial)
        expected, found = digest_in(key) or there.sha256, file_sha256(partial)
        if expected and found != expected:
            raise Unavailable(
                f"The archive {store.url}{key} is damaged: its SHA-256 is {found}, not {expected}. Restore that object"
                " from an earlier version of it."
            )
        partial.replace(target)
    except OSError as error:
        raise Unavailable(
            f"{target} cannot be kept ({error.strerror or error}). Make room there and let Trueup write to it, or point"
            " TRUEUP_DATA_DIR at another folder."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def probe(store: ObjectStore, scratch: Path) -> str:
    """What came of writing, reading and deleting a small object. Raises what the store does when it denies one."""
    scratch.mkdir(parents=True, exist_ok=True)
    mine = uuid4().hex
    sent, back = scratch / f"probe-{mine}", scratch / f"probe-{mine}-back"
    try:
        sent.write_text(mine)
        store.put(_PROBE, sent, file_sha256(sent))
        store.find(_PROBE)
        store.get(_PROBE, back)
        if back.read_text() != mine:
            raise Unavailable(f"The archive {store.url} gives back other bytes than it was given.")
        store.find(f"{_PROBE}-absent")  # what is missing must be seen to be missing
    finally:
        sent.unlink(missing_ok=True)
        back.unlink(missing_ok=True)
    try:
        store.remove(_PROBE)
    except TrueupError as error:
        return f"bills are kept in {store.url}: it can be written and read; {_PROBE} stays, for {error}"
    return f"bills are kept in {store.url}: it can be written, read and cleaned up"
