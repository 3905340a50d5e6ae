"""The limit beside GPU telemetry: DuckDB's bare group-by of the same files, in a process of its own."""

import json
import sys
import time
from pathlib import Path

from app.settings import Settings
from bench.measure import peak_memory_bytes
from bench.place import ROOT
from ingest.engine.duckdb import engine

KEYS = "epoch_us(timestamp) // 3600000000 AS hour, gpu_uuid, gpu_instance_id, namespace, pod, job_id, team"
MEASURES = (
    "gpu_util_percent",
    "sm_active_ratio",
    "tensor_active_ratio",
    "dram_active_ratio",
    "fb_used_mib",
    "fb_total_mib",
    "power_watts",
    "energy_mj",
)


def main(folder: Path) -> None:
    """Prints how long it took, and the most memory it held."""
    scratch = ROOT / "limit"
    scratch.mkdir(parents=True, exist_ok=True)
    measures = ", ".join(f"avg({name}), max({name})" for name in MEASURES)
    with engine(Settings(data_dir=ROOT), scratch) as backend:
        began = time.perf_counter()
        backend.raw_sql(
            f"CREATE TEMP TABLE rolled AS SELECT {KEYS}, count(*), {measures}"
            f" FROM read_parquet('{folder}/*.parquet') GROUP BY ALL"
        )
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_memory_bytes()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
