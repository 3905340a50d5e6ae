"""A CSV bill of more than 2 GB, ingested: how long it takes and how much memory it holds."""

from pathlib import Path

import duckdb

from bench.bill import write_month
from bench.measure import in_process
from bench.place import ROOT
from bench.questions import MONTH

SIZE = 2 * 10**9
LINES = 4_000_000


def large_csv() -> Path:
    """The file, made from the generated month."""
    folder = ROOT / "bill-csv"
    target = folder / "bill.csv"
    if not target.exists():
        source = ROOT / "bill-for-csv"
        write_month(source, MONTH, rows=LINES)
        folder.mkdir(exist_ok=True)
        partial = folder / "bill.partial"
        tags = 'to_json("Tags")'
        duckdb.execute(
            f"COPY (SELECT * REPLACE ({tags} AS \"Tags\") FROM read_parquet('{source}/*.parquet'))"
            f" TO '{partial}' (FORMAT csv)"
        )
        partial.rename(target)
    if target.stat().st_size < SIZE:
        raise ValueError(f"{target} has {target.stat().st_size:,} bytes; write more lines")
    return target


def ingest_large_csv() -> dict[str, float]:
    """Seconds and peak memory of ingesting it, with its size."""
    file = large_csv()
    return in_process("bench.ours", str(file), "bench_csv", "fresh") | {"bytes": file.stat().st_size}
