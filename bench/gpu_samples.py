"""Generated GPU telemetry: boards of a fleet at one sample a minute, a Parquet file for each day.

Deterministic, and shaped like real telemetry: eight boards to a node, jobs of some hours that hold whole boards and are
idle for part of the time, nights with less work, boards that nobody holds, and a thousandth of the samples missing.
"""

from datetime import date, timedelta
from pathlib import Path

import duckdb

MINUTES_A_DAY = 24 * 60
BOARDS_A_NODE = 8
JOB_HOURS = 6


def write_samples(folder: Path, start: date, *, boards: int, days: int) -> None:
    """Writes the samples of `days` from `start` into `folder`, unless they are there."""
    done = folder / f".{boards}-{days}"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for day in range(days):
        target = folder / f"{start + timedelta(days=day)}.parquet"
        connection.execute(f"COPY ({_samples(start, day, boards)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    done.touch()


def _samples(start: date, day: int, boards: int) -> str:
    minutes = f"range({day * MINUTES_A_DAY}, {(day + 1) * MINUTES_A_DAY})"
    return f"""
WITH moment AS (
    SELECT m, b, hash(m, b) AS noise, (m // 60 + b // {BOARDS_A_NODE} * 5) // {JOB_HOURS} AS shift
    FROM {minutes} AS t(m), range({boards}) AS u(b)
), placed AS (
    SELECT *, hash(shift, b // {BOARDS_A_NODE}) AS job, hash(m // 20, b // 4) % 100 AS spell,
           (noise % 1000) / 1000.0 AS dice
    FROM moment WHERE noise % 1000 <> 7
), worked AS (
    SELECT *, job % 10 < 8 AS held, CASE WHEN job % 10 < 8 AND spell < 65 THEN 0.3 + 0.6 * dice ELSE 0 END AS activity
    FROM placed
)
SELECT
    TIMESTAMPTZ '{start} 00:00:00+00' + to_minutes(m) + to_seconds((b % 50)::INTEGER) AS timestamp,
    concat('GPU-', md5(b::VARCHAR)) AS gpu_uuid, (-1)::SMALLINT AS gpu_instance_id,
    concat('node-', b // {BOARDS_A_NODE}) AS hostname, 'NVIDIA H100 80GB HBM3' AS model,
    floor(100 * least(activity * 1.2, 1)) AS gpu_util_percent, round(activity, 4) AS sm_active_ratio,
    round(activity * 0.4, 4) AS tensor_active_ratio, round(activity * 0.5, 4) AS dram_active_ratio,
    CAST(CASE WHEN held THEN 60000 + noise % 4096 ELSE 3 END AS DOUBLE) AS fb_used_mib,
    CAST(81559 AS DOUBLE) AS fb_total_mib,
    round(70 + 600 * activity, 1) AS power_watts, (m * 20000000.0 + b * 1e9 + dice * 1e6) AS energy_mj,
    CASE WHEN held THEN concat('space-', job % 40) END AS namespace,
    CASE WHEN held THEN concat('train-', job % 100000, '-0') END AS pod,
    CASE WHEN held THEN (job % 1000000)::VARCHAR END AS job_id,
    CASE WHEN held THEN concat('team-', job % 12) END AS team
FROM worked ORDER BY m, b
"""
