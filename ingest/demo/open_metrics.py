"""Samples as metrics of dcgm-exporter in OpenMetrics form, for `promtool tsdb create-blocks-from openmetrics`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

# Metric, the column of samples that it is, and what the column is multiplied by. Names: dcgm-exporter,
# etc/default-counters.csv (and SM_ACTIVE, which sites add).
METRICS: Mapping[str, tuple[str, float]] = {
    "DCGM_FI_PROF_SM_ACTIVE": ("sm_active_ratio", 1),
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": ("tensor_active_ratio", 1),
    "DCGM_FI_PROF_DRAM_ACTIVE": ("dram_active_ratio", 1),
    "DCGM_FI_DEV_GPU_UTIL": ("gpu_util_percent", 1),
    "DCGM_FI_DEV_FB_USED": ("fb_used_mib", 1),
    "DCGM_FI_DEV_POWER_USAGE": ("power_watts", 1),
}
_LABELS: Mapping[str, str] = {
    "UUID": "gpu_uuid",
    "GPU_I_ID": "nullif(gpu_instance_id, -1)::VARCHAR",
    "GPU_I_PROFILE": "mig_profile",
    "modelName": "model",
    "Hostname": "hostname",
    "namespace": "namespace",
    "pod": "pod",
    "container": "container",
}
_AT_ONCE = 10_000


def write_open_metrics(
    path: Path, samples: Sequence[Path], *, metrics: Mapping[str, tuple[str, float]] = METRICS
) -> int:
    """Writes Parquet files of samples as one OpenMetrics file, a family after the other; returns how many lines.

    The samples of a metric stand together and each series' in the order of time, as the format wants them.
    """
    count = 0
    with path.open("w", encoding="utf-8") as file, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for metric, (column, factor) in metrics.items():
            file.write(f"# TYPE {metric} gauge\n")
            for line in _lines(connection, metric, column, factor, samples):
                file.write(f"{line}\n")
                count += 1
        file.write("# EOF\n")
    return count


def _lines(
    connection: duckdb.DuckDBPyConnection, metric: str, column: str, factor: float, samples: Sequence[Path]
) -> Iterator[str]:
    labels = ", ".join(f"""'{name}="' || ({value}) || '"'""" for name, value in _LABELS.items())
    query = f"""
        SELECT '{metric}{{' || concat_ws(',', {labels}) || '}} ' || ({column} * {factor}) || ' '
               || epoch("timestamp")::BIGINT
        FROM read_parquet(?) WHERE {column} IS NOT NULL
        ORDER BY gpu_uuid, gpu_instance_id, "timestamp"
    """  # names of the demo hold nothing that a label must escape
    found = connection.execute(query, [[str(path) for path in samples]])
    while rows := found.fetchmany(_AT_ONCE):
        yield from (line for (line,) in rows)
