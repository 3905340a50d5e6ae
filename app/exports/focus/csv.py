"""Allocated charges as a FOCUS file in CSV, in bounded memory.

Its cells are not made harmless to spreadsheets (app/exports/table.py): who reads a FOCUS file is a machine, and a text
with an apostrophe before it would be another resource, another tag, another team.
"""

from collections.abc import Iterable, Iterator

from app.reports.focus_export import FocusExport

_CHUNK = 1 << 18  # bytes


def focus_csv(export: FocusExport) -> Iterator[bytes]:
    """The file, in chunks: UTF-8, comma, LF; numbers plain and exact; null is nothing at all."""
    header = ",".join(column.name for column in export.columns) + "\n"
    yield from _chunks(header.encode(), export.rows())


def _chunks(header: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    waiting, size = [header], len(header)
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
