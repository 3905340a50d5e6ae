"""DuckDB in process: where bills are read, checked and rolled up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis import Table
from ibis.backends.duckdb import Backend
from ibis.backends.sql.compilers.duckdb import compiler

from app.errors import BadInput
from app.settings import Settings
from ingest.files import SourceFile

# The columns that say where a line stands, added while reading: its file, its row from 0, and both in one number with
# room for sixteen lines of one row.
FILE = "trueup_file"
ROW = "file_row_number"
POSITION = "trueup_position"
KEY = "trueup_key"  # a hash of the columns that tell lines apart, where these are known
POSITION_SQL = f"(file_index::BIGINT << 40) | ({ROW} << 4)"
FILE_OF_POSITION = f"{POSITION} >> 40"
PARTS = 16  # how many lines one row can become
RESERVED = frozenset({FILE, ROW, POSITION, KEY, "file_index", "trueup_unreadable"})


@contextmanager
def engine(config: Settings, scratch: Path) -> Iterator[Backend]:
    """A DuckDB that spills to `scratch` when a bill is larger than the memory it may use."""
    backend = ibis.duckdb.connect(
        threads=config.threads,
        memory_limit=config.memory_limit,
        temp_directory=str(scratch),
        preserve_insertion_order=False,
    )
    try:
        # A progress bar or a fetched extension would be news to whoever runs us offline.
        backend.raw_sql("SET enable_progress_bar = false")
        backend.raw_sql("SET autoinstall_known_extensions = false")
        yield backend
    finally:
        backend.disconnect()


def stage_csv(backend: Backend, plain: Path, file: SourceFile, header: Sequence[str], target: Path) -> int:
    """Rewrites a CSV as Parquet, every cell as the text it was, rows in order. Returns how many rows there are.

    Raises BadInput naming the row when the file breaks off or a row has too few or too many cells.
    """
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    backend.raw_sql("SET preserve_insertion_order = true")  # the row number must be the file's
    try:
        result = backend.raw_sql(
            f"COPY (SELECT * FROM read_csv({literal(plain)}, columns = {{{columns}}}, header = true, delim = ',',"
            " quote = '\"', escape = '\"', auto_detect = false, strict_mode = true, max_line_size = 8388608))"
            f" TO {quoted(str(target))} (FORMAT parquet, COMPRESSION snappy)"
        )
        return int(result.fetchone()[0])
    except duckdb.Error as error:
        raise BadInput(_csv_problem(str(error), file.name)) from error
    finally:
        backend.raw_sql("SET preserve_insertion_order = false")


def bill_table(backend: Backend, parquet: Sequence[Path], *, key: Iterable[str] = ()) -> Table:
    """The lines of all `parquet` files as one table, with the place each stands at and a hash of its `key` columns."""
    hashed = ", ".join(identifier(name) for name in sorted(key))
    paths = ", ".join(literal(path) for path in parquet)
    backend.raw_sql(
        f"CREATE OR REPLACE VIEW bill AS SELECT *,"
        f" {POSITION_SQL} AS {POSITION}, {f'hash({hashed})' if hashed else '0::UBIGINT'} AS {KEY}"
        f" FROM read_parquet([{paths}], union_by_name = true, filename = '{FILE}', file_row_number = true)"
    )
    return backend.table("bill")


@contextmanager
def naming_the_damaged(backend: Backend, parquet: Mapping[Path, str]) -> Iterator[None]:
    """Turns what DuckDB says when a Parquet file is damaged inside into a BadInput that names the file.

    `parquet` are the files and their names. Only after a failure are they read one by one, to find out which it is.
    """
    try:
        yield
    except duckdb.Error:
        for path, name in parquet.items():
            try:
                backend.raw_sql(f"SELECT count(COLUMNS(*)) FROM read_parquet({literal(path)})").fetchall()
            except duckdb.Error as cause:
                raise BadInput(f"{name} is damaged: not all of it can be read. Download it again.") from cause
        raise


def sql_of(table: Table) -> str:
    """`table` as DuckDB SQL that holds in any database with tables of those names."""
    # As `ibis.to_sql` does it, less the copy and the layout, which take as long as all the rest.
    return str(compiler.to_sqlglot(table.unbind()).sql(dialect="duckdb", copy=False))


def rows_of(table: Table) -> list[dict[str, Any]]:
    """The rows of a small table. Ibis' own way would import pandas first, which takes longer than most bills."""
    found = table.get_backend().raw_sql(sql_of(table))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def quoted(name: str) -> str:
    """`name` as a string literal or key, quotes doubled."""
    return "'" + name.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path) -> str:
    """A path as a SQL literal. DuckDB would read wildcards in it, so they are made plain."""
    return quoted("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))


def _csv_problem(message: str, name: str) -> str:
    lines = message.splitlines()
    row = next((line.rsplit(":", 1)[1].strip() for line in lines if "CSV Error on Line" in line), None)
    where = f"{name}, row {row}" if row else name
    if "unicode" in message:
        return f"{where}: not UTF-8. Save the file as UTF-8 and ingest it again."
    if "unterminated quote" in message:
        return f"{where}: a quote is never closed; the file is cut off or damaged. Download it again."
    if "Expected Number of Columns" in message:
        counts = next(line for line in lines if "Expected Number of Columns" in line)
        expected, found = (part.split()[0] for part in counts.split(":")[1:3])
        return (
            f"{where}: {found} cells where the header has {expected}. The file is cut off or a comma is not quoted;"
            " download it again."
        )
    return f"{where}: not readable as CSV ({lines[0]}). Download it again."
