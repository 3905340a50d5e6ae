"""Samples as Parquet: their Arrow schema, and rows written to it in batches."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from app.domain.gpu.sample import SAMPLE_COLUMNS, SampleColumn

ROWS_AT_ONCE = 50_000
_ARROW: Mapping[str, pa.DataType] = {
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "VARCHAR": pa.string(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
}
SAMPLE_SCHEMA = pa.schema([pa.field(column.name, _ARROW[column.type]) for column in SAMPLE_COLUMNS])
BY_NAME: Mapping[str, SampleColumn] = {column.name: column for column in SAMPLE_COLUMNS}


def write_samples(rows: Iterable[Mapping[str, object]], target: Path) -> int:
    """Writes samples to the Parquet file `target`; a row lacks what its mapping lacks. Returns how many there are."""
    count = 0
    with pq.ParquetWriter(target, SAMPLE_SCHEMA) as writer:
        batch: list[Mapping[str, object]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == ROWS_AT_ONCE:
                writer.write_table(pa.Table.from_pylist(batch, SAMPLE_SCHEMA))
                count, batch = count + len(batch), []
        writer.write_table(pa.Table.from_pylist(batch, SAMPLE_SCHEMA))
    return count + len(batch)
