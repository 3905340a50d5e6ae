"""Hourly facts out of samples: the DuckDB table `gpu_hours`, in one pass over each file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ibis.backends.duckdb import Backend

from app.db.gpu_catalogue import accelerator
from ingest.telemetry.board_sql import NO_INCREASE_SQL, facts_sql, increase_sql, resets_sql, shared_sql
from ingest.telemetry.group_sql import GREATEST, HOUR_US, Reading, groups_sql, once_sql, samples_sql, without_nan_sql
from ingest.telemetry.hour_columns import HOUR_COLUMNS, HOUR_TYPES, TABLE
from ingest.telemetry.sample_files import batches, sample_file

__all__ = ["HOUR_COLUMNS", "add_hours", "empty_hours", "hours_of_samples"]
IDLE_TIMES = 2  # a board that draws so many times the power of an idle one is at work


def empty_hours(backend: Backend) -> None:
    """Makes `gpu_hours`, without rows."""
    columns = ", ".join(f"{name} {kind}" for name, kind in HOUR_TYPES.items())
    backend.raw_sql(f"CREATE OR REPLACE TABLE {TABLE} ({columns})")


def hours_of_samples(backend: Backend, parquet: Sequence[Path]) -> int:
    """Makes `gpu_hours` (HOUR_COLUMNS) of Parquet files of samples (SAMPLE_COLUMNS); returns how many samples count.

    A row for each hour, board, MIG instance and owner. A sample counts once, however many exporters tell it; averages
    weight samples alike. `energy_mj` is what the board's counter grew by between its first and its last sample of the
    hour, once for each board.
    """
    empty_hours(backend)
    add_hours(backend, parquet)
    (samples,) = backend.raw_sql(f"SELECT coalesce(sum(sample_count), 0)::BIGINT FROM {TABLE}").fetchone()
    return int(samples)


def add_hours(backend: Backend, parquet: Sequence[Path]) -> None:
    """Adds the hours of more samples to `gpu_hours`, which has none of the same boards and hours."""
    for files in batches(map(sample_file, parquet)):
        reading = Reading(files)
        if reading.has("model"):
            reading = replace(reading, busy_watts=_busy_watts(backend, samples_sql(reading)))
        _add(backend, reading)


def _add(backend: Backend, reading: Reading) -> None:
    samples = samples_sql(reading)
    _group(backend, groups_sql(reading, samples))
    # What is rare is found in what the first pass brought, so that all others need no more than that.
    if _has_nan(backend):
        reading, samples = replace(reading, has_nan=True), without_nan_sql(samples)
        _group(backend, groups_sql(reading, samples))
    if _may_repeat(backend):
        samples = once_sql(samples)
        _group(backend, groups_sql(reading, samples))
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_reset AS {resets_sql('gpu_group')}")
    resets = backend.raw_sql("SELECT count(*) FROM gpu_reset").fetchone()[0]
    increase = increase_sql(samples, "gpu_reset", HOUR_US) if resets else NO_INCREASE_SQL  # rare, and a pass of its own
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_increase AS {increase}")
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_shared AS {shared_sql('gpu_group')}")
    for shared, join in ((False, "ANTI"), (True, "SEMI")):
        groups = f"(FROM gpu_group {join} JOIN gpu_shared USING (hour_number, gpu_uuid))"
        backend.raw_sql(f"INSERT INTO {TABLE} {facts_sql(groups, 'gpu_increase', shared=shared)}")


def _group(backend: Backend, groups: str) -> None:
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_group AS {groups}")


def _has_nan(backend: Backend) -> bool:
    """Whether any number of the samples is none. It would be the greatest of its group."""
    greatest = " OR ".join(f"isnan({column})" for column in GREATEST)
    found = backend.raw_sql(f"SELECT 1 FROM gpu_group WHERE {greatest} LIMIT 1").fetchone()
    return found is not None


def _may_repeat(backend: Backend) -> bool:
    """Whether an owner has more samples than minutes in some hour: only then can one of them be told twice."""
    found = backend.raw_sql("SELECT 1 FROM gpu_group WHERE sample_count > bit_count(sampled) LIMIT 1").fetchone()
    return found is not None


def _busy_watts(backend: Backend, samples: str) -> Sequence[tuple[str, float]]:
    """For each model that the catalogue knows, the power above which it is at work."""
    models = backend.raw_sql(f"SELECT DISTINCT model FROM ({samples}) WHERE model IS NOT NULL").fetchall()
    known = [(str(model), accelerator(model)) for (model,) in models]
    return tuple((model, IDLE_TIMES * each.idle_watts) for model, each in known if each and each.idle_watts)
