"""Small exports as AWS lays them out in a bucket."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ingest.bills import Row, focus_row, write_csv

EXECUTION = "20260702T120000Z-a1b2c3d4"


def june(*costs: str) -> list[Row]:
    """Usage of June 2026, a row a day."""
    return [focus_row(cost, day=f"2026-06-{day:02}") for day, cost in enumerate(costs, 1)]


def export(
    folder: Path, *chunks: Sequence[Row], month: str = "2026-06", execution: str | None = None, **told: Any
) -> Path:
    """Writes an export called `x` with a data file for each of `chunks`.

    With an execution its data lie in a folder of their own, and its manifest is there twice. Says where it is.
    """
    period = f"BILLING_PERIOD={month}"
    own = f"{execution}/" if execution else ""
    names = [f"data/{period}/{own}x-{number:05}.csv.gz" for number in range(1, len(chunks) + 1)]
    for name, rows in zip(names, chunks, strict=True):
        write_csv(folder / name, rows)
    named = [f"s3://bills/exports/x/{name}" for name in names]
    manifest = json.dumps({"exportName": "x", "executionId": execution or "e-1", "dataFiles": named, **told})
    for place in {period, f"{period}/{own}".rstrip("/")}:
        path = folder / "metadata" / place / "x-Manifest.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(manifest)
    return folder


def report(folder: Path, *chunks: Sequence[Row], assembly: str, month: str = "20260601-20260701") -> Path:
    """Writes a legacy report called `r` with a version of its own, as `export` does."""
    names = [f"{month}/{assembly}/r-{number}.csv.gz" for number in range(1, len(chunks) + 1)]
    for name, rows in zip(names, chunks, strict=True):
        write_csv(folder / name, rows)
    manifest = json.dumps(
        {
            "assemblyId": assembly,
            "reportName": "r",
            "compression": "GZIP",
            "bucket": "bills",
            "billingPeriod": {"start": "20260601T000000.000Z", "end": "20260701T000000.000Z"},
            "columns": [{"category": "lineItem", "name": "UnblendedCost"}],
            "reportKeys": [f"cur/r/{name}" for name in names],
            "additionalArtifactKeys": [],
        }
    )
    for place in (month, f"{month}/{assembly}"):
        path = folder / place / "r-Manifest.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(manifest)
    return folder
