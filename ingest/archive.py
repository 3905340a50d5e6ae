"""The archive: every delivery byte for byte, under its SHA-256, and beside it the detail that drill-down reads.

    archive/<source>/<delivery>/files/<sha256>/<name>   as handed over, never changed
    archive/<source>/<delivery>/detail/...    line items as Parquet (CSV only; Parquet is its own detail), keys, mapping

Files are copied below a name ending in `.partial` and moved when they are whole, so a crash leaves no half file.
`ingest.offsite` copies it to an object store, where there is one.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadInput
from ingest.files import BLOCK, SourceFile


@dataclass(frozen=True)
class Archived:
    """Where a delivery lies."""

    folder: Path

    def file(self, name: str, sha256: str) -> Path:
        """Where the file that came as `name` lies. Below its digest: another delivery may swap two names."""
        return self.folder / "files" / sha256 / name

    @property
    def detail(self) -> Path:
        """What drill-down reads."""
        return self.folder / "detail"

    def rows(self, sha256: str) -> Path:
        """The rows, as Parquet, of the file with that digest which is none."""
        return self.detail / f"{sha256}.parquet"

    @property
    def keys(self) -> Path:
        """The charge key of every line digest."""
        return self.detail / "keys.parquet"

    @property
    def description(self) -> Path:
        """The files of the detail, and the mapping to lines."""
        return self.detail / "detail.json"


def delivery_digest(digests: Iterable[str]) -> str:
    """The SHA-256 of a delivery: of its files' digests, whatever the files are called."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def keep(root: Path, source: str, sha256: str, files: Sequence[SourceFile], digests: Mapping[str, str]) -> Archived:
    """Copies `files` into the archive, unless they are there already under the names they have now.

    `digests` are their SHA-256 by name. Raises BadInput for a file that has changed since that was taken.
    """
    archived = Archived(root / source / sha256)
    partial = archived.folder.with_name(f"{sha256}.{os.getpid()}.partial")
    missing = [file for file in files if not archived.file(file.name, digests[file.name]).exists()]
    try:
        for file in missing:
            _copy(file, Archived(partial).file(file.name, digests[file.name]), digests[file.name])
        archived.detail.mkdir(parents=True, exist_ok=True)
        for file in missing:
            target = archived.file(file.name, digests[file.name])
            target.parent.mkdir(parents=True, exist_ok=True)
            Archived(partial).file(file.name, digests[file.name]).replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # half of it, when the disk is full
    return archived


def _copy(file: SourceFile, target: Path, sha256: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    with file.path.open("rb") as source, target.open("wb") as copy:
        while block := source.read(BLOCK):
            found.update(block)
            copy.write(block)
    if found.hexdigest() != sha256:
        raise BadInput(f"{file.name} changed while it was read. Wait until it is written, then run this again.")


def sweep(root: Path, source: str) -> None:
    """Removes what crashed runs left half-built. Call it only while holding the source's lock."""
    for partial in (root / source).glob("*.partial"):
        shutil.rmtree(partial, ignore_errors=True)
