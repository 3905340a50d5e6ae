"""Rows in JSON files, flattened: members of a record under `record.member`, repeated records as JSON text.

Read are the API's own envelopes (schema and rows), newline-delimited JSON as `bq extract` writes it, and the arrays of
`bq query --format=json`. Numbers stay the text they were.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from app.errors import BadInput
from ingest.files import SourceFile
from ingest.staging import StagedFile, stage_rows

SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
Row = Mapping[str, str | None]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_json(file: SourceFile) -> bool:
    """Whether this is JSON of any kind."""
    return file.name.lower().endswith(SUFFIXES)


def stage_json(file: SourceFile, scratch: Path) -> StagedFile:
    """The rows of a JSON file as Parquet of text. Raises BadInput naming the line where it cannot be read."""
    columns = dict.fromkeys(name for row in flat_rows(file) for name in row)
    if not columns:
        raise BadInput(f"{file.name} holds no rows. Export the table again.")
    return stage_rows(file, flat_rows(file), tuple(columns), scratch)


def flat_rows(file: SourceFile) -> Iterator[Row]:
    """The rows of a file, flattened."""
    try:
        with _text(file) as stream:
            first = stream.readline()
            whole = _parsed(first)
            if isinstance(whole, dict) and "schema" not in whole and "rows" not in whole:
                yield flat(whole)
                yield from _lines(file, stream)
                return
        yield from _document(file)
    except (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{file.name} is cut off or damaged ({error}). Download it again.") from error


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, str | None]:
    """A record without nesting."""
    found: dict[str, str | None] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            found[prefix + name] = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, bool):
            found[prefix + name] = str(value).lower()
        else:
            found[prefix + name] = value
    return found


def _text(file: SourceFile) -> TextIO:
    opener = gzip.open if file.is_gzip else open
    return opener(file.path, "rt", encoding="utf-8-sig")


def _lines(file: SourceFile, stream: TextIO) -> Iterator[Row]:
    for number, line in enumerate(stream, start=2):
        if not line.strip():
            continue
        row = _parsed(line)
        if not isinstance(row, dict):
            raise BadInput(f"{file.name}, row {number}: not a JSON object. The file is cut off; export it again.")
        yield flat(row)


def _document(file: SourceFile) -> Iterator[Row]:
    with _text(file) as stream:
        try:
            whole = json.load(stream, parse_float=str, parse_int=str, parse_constant=str)
        except ValueError as error:
            raise BadInput(f"{file.name} is not JSON ({error}). Download it again.") from error
    if isinstance(whole, list):
        yield from (flat(row) for row in whole if isinstance(row, dict))
        return
    try:
        fields, rows = whole["schema"]["fields"], whole.get("rows") or ()
        yield from (flat(_record(row, fields)) for row in rows)
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise BadInput(
            f"{file.name}: neither rows of BigQuery (schema and rows) nor newline-delimited JSON. Download it again."
        ) from error


def _record(cells: Mapping[str, Any], fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {field["name"]: _value(cell["v"], field) for field, cell in zip(fields, cells["f"], strict=True)}


def _value(value: Any, field: Mapping[str, Any]) -> Any:
    if field.get("mode") == "REPEATED":
        one = {**field, "mode": "NULLABLE"}
        return [_value(each["v"], one) for each in value or ()]
    if value is None:
        return None
    if field["type"] in {"RECORD", "STRUCT"}:
        return _record(value, field.get("fields") or ())
    return _instant(value) if field["type"] == "TIMESTAMP" else value


def _instant(written: str) -> str:
    """A TIMESTAMP of the API: microseconds, or seconds with a point or an exponent."""
    number = Decimal(written)
    seconds = "." in written or "e" in written.lower()
    micros = int(number * 1_000_000) if seconds else int(number)
    return (_EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parsed(line: str) -> Any:
    try:
        return json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except ValueError:
        return None
