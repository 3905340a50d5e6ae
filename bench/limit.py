"""The limit beside an ingest: DuckDB's bare group-by of the same files, in a process of its own."""

import json
import sys
import time
from pathlib import Path

from app.settings import Settings
from bench.bill import bare_group_by
from bench.measure import peak_memory_bytes
from bench.place import ROOT
from ingest.engine.duckdb import engine


def main(folder: Path) -> None:
    """Prints how long the group-by took."""
    scratch = ROOT / "limit"
    scratch.mkdir(parents=True, exist_ok=True)
    with engine(Settings(data_dir=ROOT), scratch) as backend:
        began = time.perf_counter()
        backend.raw_sql(f"CREATE TEMP TABLE rolled AS {bare_group_by(folder)}")
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_memory_bytes()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
