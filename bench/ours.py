"""Ours: an ingest of the same files, from the first byte hashed to live and allocated in Postgres."""

import json
import sys
import time
from pathlib import Path

from app.actions.ingest import ingest_paths
from app.domain.viewer import operator
from bench.measure import peak_memory_bytes
from bench.place import Place


def main(folder: Path, database: str, fresh: str, kind: str = "focus") -> None:
    """Prints how long it took, stage by stage, and the most memory it held."""
    place = Place(database)
    if fresh == "fresh":
        place.make()
    stages: dict[str, float] = {}
    began = time.perf_counter()

    def progress(stage: str, _done: int) -> None:
        stages[stage] = time.perf_counter() - began

    ingest_paths(
        place.engine,
        operator("bench"),
        place.config,
        [folder],
        source_name="bench",
        file_format=kind,
        progress=progress,
    )
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_memory_bytes(), **stages}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
