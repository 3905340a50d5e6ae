"""Points of series become samples: one for each moment, board or MIG instance, and owner.

A page repeats what it says of a board for each MIG instance, time-sliced pod and job on it. So:

- What is of the whole board (power, energy, Xid) is one value at a moment, the greatest that its rows say, and stands
  beside each of its samples; never is it added up.
- Where GPU_UTIL or FB_USED has a row without owner beside rows with one, the latter are those pods' own, and the row
  without is the device (dcgm-exporter since 2026-03 with KUBERNETES_VIRTUAL_GPUS). The device keeps a sample of its
  own, which has the power and energy. Every other row of a pod is a copy of the device's: it is not the pod's activity,
  once GPU_UTIL says that.
- Otherwise rows with owners are copies of one device (time slicing before, `hpc_job`), and each owner gets them.
- A row of the whole board beside rows of its MIG instances tells nothing that they do not: power, energy and Xid.
"""

from pathlib import Path

import pyarrow as pa
from ibis.backends.duckdb import Backend

from app.domain.gpu.hour import Owner
from app.domain.gpu.sample import SAMPLE_COLUMNS, WHOLE_BOARD
from ingest.engine.duckdb import literal, quoted
from ingest.telemetry.dcgm.labels import exporter_pods, owner
from ingest.telemetry.dcgm.metrics import METRICS
from ingest.telemetry.dcgm.page import Series

_OWNER = tuple(Owner.__dataclass_fields__)
_PLACE = ("gpu_uuid", "gpu_instance_id", "mig_profile", "hostname", "model")
_MEASURES = tuple(metric.column for metric in METRICS)
_OF_BOARD = tuple(metric.column for metric in METRICS if metric.of_board)
_PROFILED = ("sm_active_ratio", "gr_engine_active_ratio", "tensor_active_ratio", "dram_active_ratio")
_TYPES = {column.name: column.type for column in SAMPLE_COLUMNS}


def write_samples_of(backend: Backend, series: list[Series], points: Path, target: Path) -> None:
    """Writes the samples that `points` of `series` come to to the Parquet file `target`."""
    backend.con.register("dcgm_series", _series_table(series))
    try:
        backend.raw_sql(f"COPY ({_samples(points)}) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    finally:
        backend.con.unregister("dcgm_series")


def _series_table(series: list[Series]) -> pa.Table:
    exporters = exporter_pods(each.labels for each in series)
    rows = []
    for each in series:
        found = owner(each.labels, exporters)
        row = {"series": each.number, "measure": each.metric.column, "owned": found is not None}
        row |= {name: getattr(each.place, name) for name in _PLACE}
        row |= {name: getattr(found, name, None) for name in _OWNER}
        rows.append(row)
    types: dict[str, pa.DataType] = {"series": pa.int32(), "owned": pa.bool_(), "gpu_instance_id": pa.int16()}
    names = ("series", "measure", "owned", *_PLACE, *_OWNER)
    return pa.Table.from_pylist(rows, pa.schema([pa.field(name, types.get(name, pa.string())) for name in names]))


def _samples(points: Path) -> str:
    columns = ", ".join(f"CAST({name} AS {_TYPES[name]}) AS {name}" for name in _TYPES)
    return f"""
        WITH row AS ({_rows(points)}), seen AS ({_seen()})
        SELECT {columns} FROM (SELECT * REPLACE ({_replaced()}) FROM seen WHERE {_KEPT})
    """


def _rows(points: Path) -> str:
    """What each owner's rows of a board or instance say at a moment; nobody's rows are of the device."""
    measures = ", ".join(f"max(value) FILTER (measure = '{name}') AS {name}" for name in _MEASURES)
    return f"""
        SELECT timestamp, gpu_uuid, gpu_instance_id, owned, {", ".join(_OWNER)},
            max(mig_profile) AS mig_profile, max(hostname) AS hostname, max(model) AS model, {measures}
        FROM read_parquet({literal(points)}) JOIN dcgm_series USING (series)
        GROUP BY ALL
    """


def _seen() -> str:
    """The rows, each beside what others say of its board and of its device."""
    beside = "max({0}) FILTER (NOT owned) OVER device AS device_{0}, max({0}) FILTER (owned) OVER device AS any_{0}"
    device = ", ".join(beside.format(name) for name in _MEASURES)
    return f"""
        SELECT *, {device}, device_gpu_util_percent IS NOT NULL AND any_gpu_util_percent IS NOT NULL AS own_activity,
            own_activity OR (device_fb_used_mib IS NOT NULL AND any_fb_used_mib IS NOT NULL) AS sliced,
            bool_or(owned) OVER device AS any_owner,
            bool_or(gpu_instance_id <> {WHOLE_BOARD}) OVER board AS any_instance,
            {", ".join(f"max({name}) OVER board AS board_{name}" for name in (*_OF_BOARD, "hostname", "model"))}
        FROM row
        WINDOW board AS (PARTITION BY timestamp, gpu_uuid),
            device AS (PARTITION BY timestamp, gpu_uuid, gpu_instance_id)
    """


_WHOLE = f"gpu_instance_id = {WHOLE_BOARD}"  # GPU_UTIL of a MIG instance is absent, or 0 in old versions
# The device keeps its sample where it has no owner or has pods beside it that say their own.
_KEPT = f"(owned OR NOT any_owner OR sliced) AND (owned OR NOT ({_WHOLE}) OR NOT any_instance)"


def _replaced() -> str:
    """What a sample says instead of its own row alone."""
    of_device = "coalesce({0}, device_{0}, any_{0})"
    total = "{used} + {free} + coalesce({reserved}, 0)".format(
        used="coalesce(device_fb_used_mib, any_fb_used_mib)",
        free="coalesce(device_fb_free_mib, any_fb_free_mib)",
        reserved="coalesce(device_fb_reserved_mib, any_fb_reserved_mib)",
    )
    cells = {
        "hostname": "board_hostname",
        "model": "board_model",
        "gpu_util_percent": f"CASE WHEN {_WHOLE} THEN {of_device.format('gpu_util_percent')} END",
        **{name: f"CASE WHEN NOT (owned AND own_activity) THEN {of_device.format(name)} END" for name in _PROFILED},
        "fb_used_mib": of_device.format("fb_used_mib"),
        "fb_total_mib": f"coalesce(device_fb_total_mib, any_fb_total_mib, {total})",
        "power_watts": "CASE WHEN NOT (owned AND sliced) THEN board_power_watts END",
        "energy_mj": "CASE WHEN NOT (owned AND sliced) THEN board_energy_mj END",
        "xid": "board_xid",
    }
    return ", ".join(f"{cell} AS {name}" for name, cell in cells.items())
