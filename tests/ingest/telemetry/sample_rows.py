"""Samples in a line, and the facts that come of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from app.domain.gpu.sample import SAMPLE_COLUMNS
from ingest.telemetry.hours import HOUR_COLUMNS, hours_of_samples

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_TYPES: dict[str, pa.DataType] = {
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "VARCHAR": pa.string(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
}
Sample = dict[str, Any]


def at(minute: float, hour: int = 0) -> datetime:
    return NOON + timedelta(hours=hour, minutes=minute)


def a_sample(minute: float, board: str = "GPU-1", *, hour: int = 0, **cells: Any) -> Sample:
    return {"timestamp": at(minute, hour), "gpu_uuid": board, **cells}


def samples(minutes: Iterable[int], board: str = "GPU-1", **cells: Any) -> list[Sample]:
    """A sample in each of `minutes`, all alike."""
    return [a_sample(minute, board, **cells) for minute in minutes]


def write_samples(path: Path, rows: Sequence[Sample]) -> Path:
    """The samples as Parquet, with those columns that any of them has."""
    names = [each for each in SAMPLE_COLUMNS if any(each.name in row for row in rows)]
    schema = pa.schema([(each.name, _TYPES[each.type]) for each in names])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema=schema), path)
    return path


def a_backend() -> Backend:
    return ibis.duckdb.connect(threads=1)


def facts_of(folder: Path, *files: Sequence[Sample]) -> list[dict[str, Any]]:
    """The facts of samples in files, by hour, board, instance and owner."""
    backend = a_backend()
    try:
        hours_of_samples(backend, [write_samples(folder / f"{n}.parquet", rows) for n, rows in enumerate(files)])
        order = "hour, gpu_uuid, gpu_instance_id, namespace NULLS FIRST, pod NULLS FIRST, team NULLS FIRST"
        rows = backend.raw_sql(f"SELECT {', '.join(HOUR_COLUMNS)} FROM gpu_hours ORDER BY {order}").fetchall()
        return [dict(zip(HOUR_COLUMNS, row, strict=True)) for row in rows]
    finally:
        backend.disconnect()
