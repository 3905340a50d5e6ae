"""What a query answers, as CSV that is written while it is read."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO

from ibis.backends.duckdb import Backend


@contextmanager
def csv_rows(backend: Backend, query: str) -> Iterator[BinaryIO]:
    """The rows of `query` as CSV without a header.

    They are written while they are read, so that DuckDB and Postgres work side by side. Whoever reads them must leave
    the block normally before trusting that they were complete: it ends with the writer's error, if there was one.
    """
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool, os.fdopen(reading, "rb") as stream:
        written = pool.submit(_write, backend, query, writing)
        yield stream
        written.result()


def _write(backend: Backend, query: str, descriptor: int) -> None:
    try:
        backend.raw_sql(f"COPY ({query}) TO '/dev/fd/{descriptor}' (FORMAT csv, HEADER false, USE_TMP_FILE false)")
    finally:
        os.close(descriptor)
