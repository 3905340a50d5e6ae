"""The archive: every delivery byte for byte, under its SHA-256, and beside it the detail that drill-down reads.

    archive/<source>/<sha256>/files/...      as handed over, never changed
    archive/<source>/<sha256>/detail/...     line items as Parquet (CSV only; Parquet is its own detail), keys, mapping

A delivery is built under a name ending in `.partial` and renamed when it is whole, so a crash leaves no half archive.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.files import SourceFile


@dataclass(frozen=True)
class Archived:
    """Where a delivery lies."""

    folder: Path

    @property
    def files(self) -> Path:
        """The bytes as they were handed over."""
        return self.folder / "files"

    @property
    def detail(self) -> Path:
        """What drill-down reads."""
        return self.folder / "detail"


def delivery_digest(named: Sequence[tuple[str, str]]) -> str:
    """The SHA-256 of a delivery: of its files' digests, whatever the files are called."""
    return hashlib.sha256("\n".join(sorted(sha for _, sha in named)).encode()).hexdigest()


def keep(root: Path, source: str, sha256: str, files: Sequence[SourceFile]) -> Archived:
    """Copies `files` into the archive, unless they are there already under the names they have now."""
    folder = root / source / sha256
    partial = folder.with_name(f"{sha256}.{os.getpid()}.partial")
    if not folder.exists():
        for file in files:
            _copy(file, partial / "files" / file.name)
        (partial / "detail").mkdir()
        partial.rename(folder)
    for file in files:
        kept = folder / "files" / file.name
        if not kept.exists():  # the same bytes came under another name before
            _copy(file, partial / file.name)
            kept.parent.mkdir(parents=True, exist_ok=True)
            (partial / file.name).rename(kept)
    shutil.rmtree(partial, ignore_errors=True)
    return Archived(folder)


def _copy(file: SourceFile, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file.path, target)


def sweep(root: Path, source: str) -> None:
    """Removes what crashed runs left half-built. Call it only while holding the source's lock."""
    for partial in (root / source).glob("*.partial"):
        shutil.rmtree(partial, ignore_errors=True)
