"""The limit beside an ingest: DuckDB's bare group-by of the same files, in a process of its own."""

import json
import sys
import time
from pathlib import Path

from app.settings import Settings
from bench.bill import bare_group_by
from bench.cur import bare_cur_group_by
from bench.measure import peak_memory_bytes
from bench.place import ROOT
from ingest.engine.duckdb import engine

QUERIES = {"focus": bare_group_by, "cur": bare_cur_group_by}


def main(folder: Path, bill: str = "focus") -> None:
    """Prints how long the group-by of a `focus` or `cur` bill took."""
    scratch = ROOT / "limit"
    scratch.mkdir(parents=True, exist_ok=True)
    with engine(Settings(data_dir=ROOT), scratch) as backend:
        began = time.perf_counter()
        backend.raw_sql(f"CREATE TEMP TABLE rolled AS {QUERIES[bill](folder)}")
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_memory_bytes()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
