"""Bill files on disk: which there are, whether they are whole, and what their header says.

Nothing here knows FOCUS. A damaged file is refused with its name, the row where that can be told, and what to do.
"""

import codecs
import csv
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import ArrowException

from app.errors import BadInput

BLOCK = 1 << 20
SUFFIXES = (".csv", ".csv.gz", ".parquet")
# Delimiters that a wrong export setting leaves behind, and what to call them.
_WRONG_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "pipes"}

Progress = Callable[[str, int], None]  # (stage, bytes or rows done since the last call)


@dataclass(frozen=True)
class SourceFile:
    """One file of a delivery as it was handed over."""

    path: Path
    name: str  # relative to what was handed over

    @property
    def is_parquet(self) -> bool:
        """Whether this is Parquet; the others are CSV."""
        return self.name.lower().endswith(".parquet")

    @property
    def is_gzip(self) -> bool:
        """Whether the bytes are gzip-compressed."""
        return self.name.lower().endswith(".gz")


def bill_files(paths: Iterable[Path], suffixes: tuple[str, ...] = SUFFIXES) -> tuple[SourceFile, ...]:
    """The files that `paths` (files or folders) stand for, in order of their names.

    Hidden files and whatever has none of the `suffixes` in a folder are left alone. Raises BadInput when a path does
    not exist, names a file of another kind, or there is no bill in it.
    """
    files: dict[str, SourceFile] = {}
    for path in paths:
        for file in _files_in(path, suffixes):
            if files.setdefault(file.name, file).path != file.path:
                raise BadInput(f"Two files are called {file.name}. Put them in one folder and ingest the folder.")
    return tuple(files[name] for name in sorted(files))


def _files_in(path: Path, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
    if not path.exists():
        raise BadInput(f"{path} does not exist. Check the path.")
    if path.is_file():
        if not path.name.lower().endswith(suffixes):
            raise BadInput(f"{path.name} is not a {_either(suffixes)} file. Hand over the bill in this format.")
        yield SourceFile(path, path.name)
        return
    found = [each for each in path.rglob("*") if each.is_file() and each.name.lower().endswith(suffixes)]
    visible = [each for each in found if not any(part.startswith(".") for part in each.relative_to(path).parts)]
    if not visible:
        raise BadInput(f"{path} holds no {_either(suffixes)} file. Point at the folder that has the bill in it.")
    for each in visible:
        yield SourceFile(each, each.relative_to(path).as_posix())


def _either(suffixes: tuple[str, ...]) -> str:
    *others, last = suffixes
    return f"{', '.join(others)} or {last}" if others else last


def digest(file: SourceFile, progress: Progress) -> str:
    """The SHA-256 of the file's bytes. Raises BadInput for an empty file."""
    sha = hashlib.sha256()
    with file.path.open("rb") as stream:
        while block := stream.read(BLOCK):
            sha.update(block)
            progress("hash", len(block))
    if not file.path.stat().st_size:
        raise BadInput(f"{file.name} is empty (0 bytes). Download it again from the provider.")
    return sha.hexdigest()


def expand(file: SourceFile, target: Path) -> None:
    """Writes the gzip `file` uncompressed to `target`, checking its length and checksum.

    DuckDB reads a truncated gzip as far as it goes without a word, so we do this ourselves.
    """
    with file.path.open("rb") as packed, target.open("wb") as plain:
        try:
            whole = _inflate(packed.read, plain.write)
        except zlib.error as error:
            raise BadInput(f"{file.name} is a damaged gzip file ({error}). Download it again.") from error
    if not whole:
        raise BadInput(f"{file.name} is a truncated gzip file: it ends in the middle of the data. Download it again.")


def _inflate(read: Callable[[int], bytes], write: Callable[[bytes], int]) -> bool:
    """Decompresses one or more gzip members; False when the last is cut off."""
    member, started = zlib.decompressobj(wbits=31), False
    while block := read(BLOCK):
        while block:
            if member.eof:
                if not block.lstrip(b"\0"):  # some writers pad with zeros
                    break
                member, started = zlib.decompressobj(wbits=31), False
            write(member.decompress(block))
            started, block = True, member.unused_data
    return member.eof or not started


def csv_header(plain: Path, name: str) -> tuple[str, ...]:
    """The column names of a CSV file. Raises BadInput when the first row cannot be a header."""
    with plain.open("rb") as stream:
        start = stream.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(f"{name} is UTF-16. Save it as UTF-8 and ingest it again.")
    # More than the header is decoded at a time; bytes of later rows that are no UTF-8 are not the header's fault.
    with plain.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        try:
            header = tuple(cell.strip() for cell in next(csv.reader(text), []))
            "".join(header).encode()
        except (UnicodeEncodeError, csv.Error) as error:
            raise BadInput(
                f"{name}, row 1: the header is not readable as UTF-8 CSV ({error}). Export the bill as UTF-8."
            ) from error
    return _checked(header, name)


def parquet_header(file: SourceFile) -> dict[str, str]:
    """The columns of a Parquet file with their Arrow types. Raises BadInput when it cannot be read."""
    try:
        schema = pq.read_schema(file.path)
    except (ArrowException, OSError) as error:
        raise BadInput(f"{file.name} is not a whole Parquet file ({error}). Download it again.") from error
    _checked(tuple(schema.names), file.name)
    return {field.name: str(field.type) for field in schema}


def _checked(header: tuple[str, ...], name: str) -> tuple[str, ...]:
    if len(header) <= 1:
        wrong = next((word for mark, word in _WRONG_DELIMITERS.items() if mark in "".join(header)), None)
        if wrong:
            raise BadInput(f"{name}, row 1: the columns are separated by {wrong}. Export it with commas.")
        raise BadInput(f"{name}, row 1: there is no header with FOCUS column names. Check that this is a bill.")
    folded = [column.casefold() for column in header]
    twice = sorted({column for column in header if folded.count(column.casefold()) > 1})
    if twice:
        raise BadInput(
            f"{name}, row 1: the column {twice[0]} appears more than once. Export the bill again with each column once."
        )
    return header
