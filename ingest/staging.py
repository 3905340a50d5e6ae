"""Files of a delivery made ready for DuckDB: Parquet where they lie, CSV rewritten as Parquet of text, JSON as rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from app.errors import BadInput
from ingest.engine.duckdb import RESERVED, stage_csv
from ingest.files import Progress, SourceFile, csv_header, expand, parquet_header

ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class TableFile:
    """A CSV or Parquet file whose header has been read."""

    file: SourceFile
    columns: tuple[str, ...]
    types: Mapping[str, str] | None  # of a Parquet file: the Arrow type of each column; None for CSV
    plain: Path  # its bytes, uncompressed


@dataclass(frozen=True)
class StagedFile:
    """A file of the delivery and the Parquet that its rows are read from."""

    file: SourceFile
    parquet: Path
    rewritten: bool  # False: it is Parquet and is read where it lies
    header_rows: int = 0  # how many rows of the file stand before the first line, as a spreadsheet counts


def open_table(file: SourceFile, scratch: Path) -> TableFile:
    """Reads the header of a CSV or Parquet file. Raises BadInput when it is damaged."""
    if file.is_parquet:
        types = parquet_header(file)
        return _checked(TableFile(file, tuple(types), types, file.path))
    plain = file.path
    if file.is_gzip:
        plain = _target(scratch, file, ".csv")
        expand(file, plain)
    return _checked(TableFile(file, csv_header(plain, file.name), None, plain))


def stage_table(backend: Backend, table: TableFile, scratch: Path, progress: Progress) -> StagedFile:
    """The rows of a table file as Parquet. Raises BadInput naming the row where a CSV file breaks off."""
    if table.types is not None:
        return StagedFile(table.file, table.plain, rewritten=False)
    target = _target(scratch, table.file, ".parquet")
    progress("stage", stage_csv(backend, table.plain, table.file, table.columns, target))
    if table.plain != table.file.path:
        table.plain.unlink()  # the uncompressed copy has served
    return StagedFile(table.file, target, rewritten=True, header_rows=1)


def stage_rows(
    file: SourceFile, rows: Iterable[Mapping[str, str | None]], columns: Sequence[str], scratch: Path
) -> StagedFile:
    """Rows that were taken out of `file` (a page of an API, say) as Parquet of text, in their order.

    A row lacks what its mapping lacks. Numbers must come as the text the file has, so that no digit is lost.
    """
    target = _target(scratch, file, ".parquet")
    schema = pa.schema([(name, pa.string()) for name in columns])
    with pq.ParquetWriter(target, schema) as writer:
        batch: list[Mapping[str, str | None]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == ROWS_AT_ONCE:
                writer.write_table(_table(batch, schema))
                batch = []
        writer.write_table(_table(batch, schema))
    return StagedFile(file, target, rewritten=True)


def _table(rows: Sequence[Mapping[str, str | None]], schema: pa.Schema) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in schema.names}, schema)


def _target(scratch: Path, file: SourceFile, suffix: str) -> Path:
    target = scratch / "staged" / f"{file.name}{suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _checked(table: TableFile) -> TableFile:
    taken = next((name for name in table.columns if name.casefold() in RESERVED), None)
    if taken:
        raise BadInput(f"{table.file.name}, row 1: Trueup needs the column name {taken} for itself. Rename the column.")
    return table
