"""A finance pack as a folder: written beside it and moved into place, so that there is all of it or none."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.errors import Conflict
from app.exports.pack.files import write_file
from app.exports.pack.manifest import NAME, manifest
from app.exports.pack.pack import Pack

Progress = Callable[[str, int], None]  # a stage, and how many more files of it are done


def write_pack(pack: Pack, folder: Path, progress: Progress, *, force: bool = False) -> int:
    """Writes `pack` to `folder`, in place of a pack that stands there. Returns the number of files.

    Raises Conflict when the folder holds anything that no pack put there, or that was changed since: with `force`, the
    folder is moved aside then, never deleted.
    """
    target = folder.resolve()
    check_folder(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        partial.chmod(0o755)  # what a folder usually has; mkdtemp's is for its owner alone
        entries = []
        for file in pack.files:
            entries.append(write_file(partial, file))
            progress("pack", 1)
        write_file(partial, manifest(pack.statement, pack.versions, entries))
        _replace(target, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return len(entries) + 1


def check_folder(folder: Path, *, force: bool) -> None:
    """Raises Conflict when a pack may not be written to `folder`."""
    if folder.is_dir():
        if not force and (name := _foreign(folder)):
            raise Conflict(
                f"{folder} holds '{name}', which no finance pack put there as it is now. Name another folder, or add"
                " --force, which keeps what is there in a folder beside it."
            )
    elif folder.exists() or folder.is_symlink():
        raise Conflict(f"{folder} is no folder. Name another one.")


def _replace(target: Path, partial: Path) -> None:
    """Moves `partial` to where `target` is."""
    if not target.exists():
        partial.rename(target)
        return
    foreign = _foreign(target) is not None
    aside = _free_name(target)
    target.rename(aside)
    partial.rename(target)
    if not foreign:
        shutil.rmtree(aside)


def _free_name(target: Path) -> Path:
    number = 1
    while (aside := target.with_name(f"{target.name}.before-{number}")).exists():
        number += 1
    return aside


def _foreign(folder: Path) -> str | None:
    """The first thing in `folder` that is not a file of its manifest, unchanged; None if there is no such thing."""
    try:
        listed = {each["name"]: each["sha256"] for each in json.loads((folder / NAME).read_bytes())["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        listed = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not (name == NAME and listed) and not _is(path, listed.get(name)):
            return name
    return None


def _is(path: Path, sha256: str | None) -> bool:
    """Whether `path` is a plain folder, or a file of these bytes."""
    if path.is_symlink():
        return False
    if path.is_dir() or sha256 is None:
        return path.is_dir()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
