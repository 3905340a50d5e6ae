"""Allocated charges as a FOCUS file in Parquet, in bounded memory: one group of rows after the other."""

import io
from collections.abc import Iterator, Mapping
from itertools import islice

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from app.db.queries.allocated_charges import Digits
from app.db.queries.focus_columns import Content
from app.reports.focus_export import FocusExport

_ROWS_PER_GROUP = 50_000
_PRECISION = 38  # of decimal128, the widest that readers of Parquet agree on
_TYPES: dict[Content, pa.DataType] = {
    Content.TEXT: pa.string(),
    Content.OBJECT: pa.string(),
    Content.INSTANT: pa.timestamp("us", tz="UTC"),
}


def focus_parquet(export: FocusExport) -> Iterator[bytes]:
    """The file, in chunks: numbers as decimals of the scale they need, or as text where 38 digits are too few."""
    schema = pa.schema(_types(export, export.digits()))
    target = io.BytesIO()
    lines = export.rows()
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while group := b"".join(islice(lines, _ROWS_PER_GROUP)):
            writer.write_table(_table(group, schema))
            yield _taken(target)
    yield _taken(target)


def _types(export: FocusExport, digits: Mapping[str, Digits]) -> list[tuple[str, pa.DataType]]:
    return [
        (column.name, _decimal(digits[column.name]) if column.content is Content.NUMBER else _TYPES[column.content])
        for column in export.columns
    ]


def _decimal(digits: Digits) -> pa.DataType:
    fits = digits.whole + digits.fraction <= _PRECISION
    return pa.decimal128(_PRECISION, digits.fraction) if fits else pa.string()


def _table(lines: bytes, schema: pa.Schema) -> pa.Table:
    """Lines of CSV as PostgreSQL writes them; Arrow reads a decimal digit by digit, and never as a float."""
    return pyarrow.csv.read_csv(
        io.BytesIO(lines),
        # One block: a line may be longer than Arrow's own blocks.
        read_options=pyarrow.csv.ReadOptions(column_names=schema.names, use_threads=False, block_size=len(lines) + 1),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )


def _taken(target: io.BytesIO) -> bytes:
    """What has been written since the last time; the writer counts on by itself."""
    written = target.getvalue()
    target.seek(0)
    target.truncate()
    return written
