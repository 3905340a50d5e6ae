"""A vendor's CSV as it is written, whatever its delimiter, encoding and rows before the header."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from ibis.backends.duckdb import Backend

from app.errors import BadInput
from ingest.engine.duckdb import RESERVED
from ingest.files import Progress, SourceFile
from ingest.mapped.mapping import Mapping
from ingest.staging import StagedFile, open_table, stage_rows, stage_table


def stage(backend: Backend, file: SourceFile, mapping: Mapping, scratch: Path, progress: Progress) -> StagedFile:
    """The rows of a file as Parquet. Raises BadInput, with the row, when it is damaged or lacks a column."""
    if file.is_parquet or mapping.is_plain:
        table = open_table(file, scratch)
        _check(file, table.columns, mapping)
        return stage_table(backend, table, scratch, progress)
    with _opened(file, mapping) as stream:
        lines = csv.reader(stream, delimiter=mapping.delimiter, strict=True)
        try:
            for _ in range(mapping.skip_rows):
                next(lines, None)
            header = tuple(cell.strip() for cell in next(lines, []))
            _check(file, header, mapping)
            staged = stage_rows(file, _rows(file, lines, header), _named(header), scratch)
        except (csv.Error, UnicodeError, EOFError, zlib.error, OSError) as error:
            raise BadInput(
                f"{file.name}, row {lines.line_num}: not readable as the mapping says ({error}). Check `delimiter` and"
                " `encoding`, or download the file again."
            ) from error
    return replace(staged, header_rows=mapping.skip_rows + 1)


def _opened(file: SourceFile, mapping: Mapping) -> TextIO:
    if file.is_gzip:
        return gzip.open(file.path, "rt", encoding=mapping.encoding, newline="")
    return file.path.open(encoding=mapping.encoding, newline="")


def _rows(file: SourceFile, lines: Iterator[list[str]], header: Sequence[str]) -> Iterator[Dict[str, str | None]]:
    for number, cells in enumerate(lines, start=1):
        if len(cells) != len(header) and any(cells):
            raise BadInput(
                f"{file.name}: row {number} after the header has {len(cells)} cells where the header has {len(header)}."
                " The file is cut off or a delimiter is not quoted; download it again."
            )
        yield {name: cell or None for name, cell in zip(header, cells, strict=False) if name}


def _named(header: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in header if name)


def _check(file: SourceFile, header: Sequence[str], mapping: Mapping) -> None:
    named = _named(header)
    folded = [name.casefold() for name in named]
    twice = next((name for name in named if folded.count(name.casefold()) > 1), None)
    if twice:
        raise BadInput(f"{file.name}: the column {twice} appears more than once. Rename one of them.")
    taken = next((name for name in named if name.casefold() in RESERVED), None)
    if taken:
        raise BadInput(f"{file.name}: Trueup needs the column name {taken} for itself. Rename the column.")
    missing = [f"{name} (line {line})" for name, line in mapping.reads.items() if name not in named]
    if missing:
        raise BadInput(
            f"{file.name} lacks columns that the mapping names: {', '.join(missing)}. It has {', '.join(named)}."
            " Check `delimiter` and `skip_rows` of the mapping, and its spelling."
        )
