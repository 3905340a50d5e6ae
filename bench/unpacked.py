"""The limit beside a gzipped CSV: `gzip -dc` of the file, then DuckDB's bare group-by of what came out."""

import json
import subprocess
import sys
import time
from pathlib import Path

from app.settings import Settings
from bench.bill import DIMENSIONS, SUMMED, SUMS
from bench.place import ROOT
from ingest.engine.duckdb import engine


def main(file: Path) -> None:
    """Prints how long the two took together."""
    scratch = ROOT / "limit"
    scratch.mkdir(parents=True, exist_ok=True)
    plain = scratch / "bill.csv"
    began = time.perf_counter()
    with plain.open("wb") as target:
        subprocess.run(("gzip", "-dc", file), stdout=target, check=True)
    with engine(Settings(data_dir=ROOT), scratch) as backend:
        decimals = ", ".join(f"'{name}': 'DECIMAL(28, 12)'" for name in SUMMED)
        backend.raw_sql(
            f'CREATE TEMP TABLE rolled AS SELECT CAST("ChargePeriodStart" AS DATE) AS day, {DIMENSIONS}, count(*),'
            f" {SUMS} FROM read_csv('{plain}', header = true, types = {{{decimals}}}) GROUP BY ALL"
        )
    seconds = time.perf_counter() - began
    plain.unlink()
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
