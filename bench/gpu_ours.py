"""Ours: the same files hashed, archived, summed up by hour, booked in Postgres, and the runs without activity found."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from app.actions.sources import add_source
from app.db.load import driver
from app.db.session import read_session, write_session
from app.domain.viewer import operator
from bench.measure import peak_memory_bytes
from bench.place import Place
from ingest.telemetry.pipeline import Telling, ingest_telemetry
from ingest.telemetry.runs import RunLengths, run_lengths

IDLE_MINUTES = 30
# Owned, observed and without activity: what may be idle. In the order in which runs are looked for.
_IDLE = """
COPY (
    SELECT board_id, owner_id, (extract(epoch FROM hour) / 3600)::bigint,
           observed & ~(active | suspect | unavailable)
    FROM gpu_hour WHERE owner_id IS NOT NULL ORDER BY board_id, owner_id, hour
) TO STDOUT (FORMAT binary)
"""
_HEAD, _TAIL = 19, 2  # bytes around the rows of a binary COPY
_ROW = np.dtype([("fields", ">i2"), *((f"{part}{n}", ">i4" if part == "size" else ">i8")
                                      for n in range(4) for part in ("size", "value"))])  # fmt: skip


def main(folder: Path, database: str) -> None:
    """Prints how long it took, stage by stage, and the most memory it held."""
    place = Place(database).make()
    with write_session(place.engine) as session:
        add_source(session, operator("bench"), kind="samples", name="gpus", config={})
    stages: dict[str, float] = {}
    began = time.perf_counter()

    def progress(stage: str, _done: int) -> None:
        stages[stage] = time.perf_counter() - began

    telling = Telling(progress=progress, post=lambda _session, _booked: None)
    outcome = ingest_telemetry(place.engine, place.config, "gpus", [folder], telling)
    runs = idle_runs(place)
    seconds = time.perf_counter() - began
    held = runs.minutes[runs.minutes >= IDLE_MINUTES].sum()
    told = {"facts": outcome.hours.facts, "samples": outcome.hours.samples, "idle_hours": float(held) / 60}
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_memory_bytes(), **stages, **told}))


def idle_runs(place: Place) -> RunLengths:
    """The runs without activity of every owner on every board."""
    with read_session(place.engine) as session, driver(session).cursor().copy(_IDLE) as copy:
        content = b"".join(map(bytes, copy))
    rows = np.frombuffer(content, dtype=_ROW, count=(len(content) - _HEAD - _TAIL) // _ROW.itemsize, offset=_HEAD)
    holders = rows["value0"].astype(np.int64) << 32 | rows["value1"].astype(np.int64)
    return run_lengths(holders, rows["value2"].astype(np.int64), rows["value3"].astype(np.int64))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
