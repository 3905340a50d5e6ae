"""The demo company's GPU telemetry: samples of every minute of the last weeks, as Parquet in the schema of samples.

Nodes are those of the bills of AWS and Google, on for as long as the bill meters them, and called as the bill calls
them. The same day and seed give the same samples.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.domain.gpu.sample import WHOLE_BOARD
from ingest.demo import aws, gcp, gpu_story
from ingest.demo.draw import Dice
from ingest.demo.estate import Workload
from ingest.demo.gpu_shapes import MINUTES_A_DAY, Span
from ingest.demo.gpu_story import ACCELERATORS, Accelerator, Use, use_of
from ingest.demo.when import months_until
from ingest.telemetry.sample_writer import SAMPLE_SCHEMA

DAYS = 14
SAMPLES, JOBS = "gpu-exporter", "gpu-scheduler"  # what the sources are called
Mask = npt.NDArray[np.bool_]
Columns = dict[str, Any]


@dataclass(frozen=True)
class DemoNode:
    """A machine with GPUs, and in which minutes of the span it is on."""

    name: str
    resource_id: str
    boards: int
    accelerator: Accelerator
    span: Span
    is_on: Mask


def write_telemetry(folder: Path, *, today: date, seed: int = 20260101, days: int = DAYS) -> list[Path]:
    """Writes the samples of the `days` before `today`, a file for each node, and returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{node.name}.parquet", node) for node in demo_nodes(today, seed, days)]


def write_jobs(path: Path, *, today: date, days: int = DAYS) -> Path:
    """Writes the jobs of the node with ablations as a CSV of jobs (docs/telemetry.md)."""
    times = ("submitted_at", "started_at", "ended_at", "checkpoint_at")
    header = ["job_id", "name", "user", "team", "nodes", "gpus", *times, "state"]
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(header)
        for day in range(days):
            start = datetime.combine(today - timedelta(days=days - day), time(), UTC)
            end = start + timedelta(hours=gpu_story.JOB_HOURS)
            failed = day % gpu_story.FAILED_EVERY == gpu_story.FAILED_EVERY - 1
            saved = start + timedelta(
                hours=gpu_story.JOB_HOURS // gpu_story.CHECKPOINT_EVERY * gpu_story.CHECKPOINT_EVERY
            )
            moments = [each.isoformat() for each in (start, start, end, saved)]
            state = "FAILED" if failed else "COMPLETED"
            lines.writerow([job_id(day), "ablation", "mira", "pretraining", gpu_story.JOB_NODE, 8, *moments, state])
    return path


def node_map(today: date, *, seed: int = 20260101, days: int = DAYS) -> str:
    """Which resource of the bill each node is, as a CSV: two clouds have machines of the same name."""
    lines = [f"{node.name},{node.resource_id},{node.boards}" for node in demo_nodes(today, seed, days)]
    return "\n".join(["node,resource_id,boards", *lines, ""])


def job_id(day: int) -> str:
    """The job of a day of the span, counted from 0."""
    return str(48100 + day)


def demo_nodes(today: date, seed: int, days: int) -> Iterator[DemoNode]:
    """The nodes of the bill that have an exporter and are on in the `days` before `today`."""
    dice = Dice(seed)
    whens = [when for month in months_until(today) for when in month.days][-days:]
    clouds = (aws.estate(), gcp.estate())
    for estate, workload in ((each, workload) for each in clouds for workload in each.workloads):
        name, details = workload.resource.name or "", workload.resource.offer.details
        if "GpuCount" not in details or use_of(name) is None:
            continue
        hours = [float(estate.metered(workload, when, dice)) for when in whens]
        span = Span(whens[0].day, len(whens), seed, name)
        is_on = np.concatenate([_on(each, workload) for each in hours])
        if is_on.any():
            accelerator = ACCELERATORS[details["x_GpuModel"]]
            resource_id = workload.resource.id or name
            yield DemoNode(name, resource_id, int(details["GpuCount"]), accelerator, span, is_on)


def gpu_uuid(node: str, board: int) -> str:
    """A board's UUID, in the form that drivers give."""
    digits = blake2b(f"{node}/{board}".encode(), digest_size=16).hexdigest()
    return f"GPU-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _on(hours: float, workload: Workload) -> Mask:
    """The minutes of a day in which a machine is on. Machines that people sit at are switched on in the morning."""
    minutes, on = round(hours * 60), np.zeros(MINUTES_A_DAY, dtype=bool)
    if workload.slack > 0.3:
        on[MINUTES_A_DAY - minutes :] = minutes > 0
    else:
        on[:minutes] = True
    return on


def _write(path: Path, node: DemoNode) -> Path:
    with pq.ParquetWriter(path, SAMPLE_SCHEMA, compression="zstd") as writer:
        for board in range(node.boards):
            for columns in _board(node, board):
                writer.write_table(_table(columns, node.is_on))
    return path


def _board(node: DemoNode, board: int) -> Iterator[Columns]:
    """The columns of a board, or of each of its MIG instances."""
    span = replace(node.span, name=f"{node.name}/{board}")
    whole = {
        "timestamp": np.datetime64(span.first, "us") + np.arange(span.minutes) * np.timedelta64(60, "s"),
        "gpu_uuid": gpu_uuid(node.name, board),
        "hostname": node.name,
        "model": node.accelerator.model,
    }
    if (node.name, board) == (gpu_story.MIG_NODE, gpu_story.MIG_BOARD):
        for part in gpu_story.MIG_SLICES:
            use = part.use or gpu_story.NOBODY
            measured = _measured(replace(span, name=f"{span.name}/{part.profile}"), use, node.accelerator, None)
            memory = {"fb_total_mib": float(part.profile.partition(".")[2].removesuffix("gb")) * 1024}
            named = {"gpu_instance_id": part.gpu_instance_id, "mig_profile": part.profile}
            yield {**whole, **measured, **named, **memory}
        return
    runs = use_of(node.name)
    assert runs is not None
    jobs = _job_ids(span) if node.name == gpu_story.JOB_NODE else None
    yield {**whole, "gpu_instance_id": WHOLE_BOARD, **_measured(span, runs, node.accelerator, jobs)}


def _job_ids(span: Span) -> npt.NDArray[np.object_]:
    """The job of each minute; None between two."""
    ids = np.repeat(np.array([job_id(day) for day in range(span.days)], dtype=object), MINUTES_A_DAY)
    ids[span.hour >= gpu_story.JOB_HOURS] = None
    return ids


def _measured(span: Span, use: Use, gpu: Accelerator, jobs: npt.NDArray[np.object_] | None) -> Columns:
    held = use.held(span) if jobs is None else np.array([each is not None for each in jobs])
    activity = np.where(held, np.clip(use.busy(span), 0, 1), 0.0)
    activity = np.where(activity < 0.01, 0.0, np.round(activity, 2))
    profiled = np.zeros_like(activity) if use.is_stuck else activity
    watts = np.round(gpu.idle_watts + (gpu.most_watts - gpu.idle_watts) * np.sqrt(activity))
    owned = {"namespace": use.namespace, "pod": f"{use.pod}-0", "container": use.container, "team": use.team}
    return {
        "sm_active_ratio": profiled,
        "tensor_active_ratio": np.round(profiled * use.tensor, 2),
        "dram_active_ratio": np.round(profiled * use.dram, 2),
        "gpu_util_percent": None if span.name.count("/") > 1 else np.ceil(100 * np.minimum(activity * 1.3, 1)),
        "fb_total_mib": gpu.memory_mib,
        "fb_used_mib": np.where(held, gpu.memory_mib * use.memory, 430.0),
        "power_watts": watts,
        "energy_mj": np.cumsum(watts) * 60_000,
        **{name: pc.if_else(pa.array(held), text, pa.scalar(None, pa.string())) for name, text in owned.items()},
        "job_id": jobs,
    }


def _table(columns: Columns, kept: Mask) -> pa.Table:
    count, mask = int(kept.sum()), pa.array(kept)

    def array(field: Any) -> Any:
        value = columns.get(field.name)
        if isinstance(value, pa.Array):
            return value.filter(mask)
        if isinstance(value, np.ndarray):
            return pa.array(value[kept], from_pandas=True).cast(field.type)
        return pa.repeat(pa.scalar(value, field.type), count)

    return pa.Table.from_arrays([array(field) for field in SAMPLE_SCHEMA], schema=SAMPLE_SCHEMA)
