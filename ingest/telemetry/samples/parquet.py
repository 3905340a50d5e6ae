"""Whether a Parquet file is in the schema of samples already, so that it can be read where it lies."""

from collections.abc import Callable, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from app.domain.gpu.sample import EARLIEST, LATEST, REQUIRED, SampleColumn
from ingest.engine.duckdb import identifier, literal
from ingest.files import SourceFile
from ingest.telemetry.sample_writer import BY_NAME

# Types that hold what a column does; a number that is too great for it is found by its limits.
_FITS: Mapping[str, Callable[[pa.DataType], bool]] = {
    "TIMESTAMPTZ": lambda of: pa.types.is_timestamp(of) and of.tz is not None,
    "VARCHAR": lambda of: pa.types.is_string(of) or pa.types.is_large_string(of),
    "SMALLINT": pa.types.is_integer,
    "INTEGER": pa.types.is_integer,
    "DOUBLE": lambda of: pa.types.is_floating(of) or pa.types.is_integer(of),
}


def fits(file: SourceFile, backend: Backend) -> bool:
    """Whether all columns are named and typed as those of samples are, and no cell needs another look.

    What the file's own statistics tell is believed; where they are missing, its columns are read once.
    """
    with pq.ParquetFile(file.path) as opened:
        schema = opened.schema_arrow
        if not set(REQUIRED) <= set(schema.names) <= set(BY_NAME):
            return False
        columns = [BY_NAME[name] for name in schema.names]
        if not all(_FITS[column.type](schema.field(column.name).type) for column in columns):
            return False
        told = {column.name: _told(opened.metadata, column) for column in columns}
    unsure = [column for column in columns if told[column.name] is None]
    return all(answer is not False for answer in told.values()) and (not unsure or _scanned(file, backend, unsure))


def _told(metadata: pq.FileMetaData, column: SampleColumn) -> bool | None:
    """What the statistics of a file say of a column: that all cells are in order, or not; None where they say nothing.

    They leave out NaN, which is read as no value in any case.
    """
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunk = next(each for each in map(group.column, range(group.num_columns)) if each.path_in_schema == column.name)
        said = chunk.statistics
        if said is None or said.null_count is None:
            return None
        if column.name in REQUIRED and said.null_count:
            return False
        if said.null_count == group.num_rows:
            continue
        if not said.has_min_max:
            return None
        if not _in_order(column, said.min, said.max):
            return False
    return True


def _in_order(column: SampleColumn, least: object, most: object) -> bool:
    if column.type == "TIMESTAMPTZ":
        return isinstance(least, datetime) and isinstance(most, datetime) and least >= EARLIEST and most < LATEST
    if column.type == "VARCHAR":  # an empty text, or one that begins with a blank, comes before all others
        return isinstance(least, str) and least[:1].strip() != ""
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return False
    return (column.least is None or least >= column.least) and (column.most is None or most <= column.most)


def _scanned(file: SourceFile, backend: Backend, columns: list[SampleColumn]) -> bool:
    """Whether all cells of the columns are in order, by reading them."""
    wrong = " OR ".join(_wrong(column) for column in columns)
    (found,) = backend.raw_sql(f"SELECT count(*) FROM read_parquet({literal(file.path)}) WHERE {wrong}").fetchone()
    return not found


def _wrong(column: SampleColumn) -> str:
    name = identifier(column.name)
    tests = [f"{name} IS NULL"] if column.name in REQUIRED else []
    if column.type == "TIMESTAMPTZ":
        tests.append(f"{name} < '{EARLIEST}'::TIMESTAMPTZ OR {name} >= '{LATEST}'::TIMESTAMPTZ")
    elif column.type == "VARCHAR":
        tests.append(f"trim({name}) = ''")
    elif column.least is not None and column.most is not None:
        tests.append(f"NOT isnan(CAST({name} AS DOUBLE)) AND {name} NOT BETWEEN {column.least} AND {column.most}")
    return " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"
