"""Rows of a plain CSV of jobs or nodes: cells by our names; what cannot be used is told by row."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from app.errors import BadInput
from ingest.telemetry.unreadable import UnreadableRowError

Refuse = Callable[[int, str], None]
Cells = Mapping[str, str]


def rows_of(
    lines: Iterable[str], name: str, refuse: Refuse, *, required: Sequence[str], known: Sequence[str]
) -> Iterator[tuple[int, Cells]]:
    """Number and cells of each row of the file called `name`; a cell whose column is not there is empty.

    Raises BadInput when the header lacks a required column, or has one that is not known or stands twice.
    """
    reader = csv.reader(lines)
    header = [each.strip().lower().lstrip("\ufeff") for each in next(reader, [])]
    _check(header, name, required, known)
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            refuse(reader.line_num, f"it has {len(row)} cells where the header has {len(header)}")
            continue
        yield reader.line_num, dict.fromkeys(known, "") | dict(zip(header, map(str.strip, row), strict=True))


def whole_number(text: str, name: str) -> int | None:
    """The whole number in a cell called `name`; None where it is empty. Raises UnreadableRowError."""
    if not text:
        return None
    if not (text.isdecimal() and len(text) < 10):
        raise UnreadableRowError(f"{name} '{text}' is no whole number")
    return int(text)


def _check(header: Sequence[str], name: str, required: Sequence[str], known: Sequence[str]) -> None:
    wrong = [f"lacks {each}" for each in required if each not in header]
    wrong += [f"has {each or 'an empty name'}, which is not known" for each in header if each not in known]
    wrong += [f"has {each} twice" for each in set(header) if header.count(each) > 1]
    if wrong:
        raise BadInput(
            f"{name}: the header {'; '.join(sorted(wrong))}. The columns are {', '.join(known)};"
            f" {' and '.join(required)} must be there."
        )
