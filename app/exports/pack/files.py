"""The files of a finance pack: those that are made in memory, and those that are written as they are read."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.domain.named_file import NamedFile
from app.exports.csv import csv_chunks
from app.exports.parquet import parquet_bytes
from app.exports.table import Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
GZIP = "application/gzip"


@dataclass(frozen=True)
class StreamedFile:
    """A file too large to hold: `chunks` begins to read it anew."""

    name: str
    media_type: str
    chunks: Callable[[], Iterator[bytes]]


PackFile = NamedFile | StreamedFile


@dataclass(frozen=True)
class Listed:
    """A file as the manifest lists it."""

    name: str
    media_type: str
    bytes: int
    sha256: str


def listed(file: NamedFile) -> Listed:
    """A file in memory as the manifest lists it."""
    return Listed(file.name, file.media_type, len(file.content), file.sha256)


def write_file(folder: Path, file: PackFile) -> Listed:
    """Writes a file into `folder`. Returns how the manifest lists it."""
    target = folder / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as stream:
        for chunk in iter((file.content,)) if isinstance(file, NamedFile) else file.chunks():
            stream.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return Listed(file.name, file.media_type, size, digest.hexdigest())


def gzipped(chunks: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """`chunks` as a gzip file, without a time in it."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)  # zlib.h: 16 more writes gzip, its time zero
    for chunk in chunks():
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def table_files(name: str, table: Table) -> Iterator[NamedFile]:
    """A table as CSV and as Parquet."""
    yield csv_file(name, table)
    yield NamedFile(f"{name}.parquet", PARQUET, parquet_bytes(table))


def csv_file(name: str, table: Table) -> NamedFile:
    """A table as CSV."""
    return NamedFile(f"{name}.csv", CSV, b"".join(csv_chunks(table)))
