"""Folders as Cost Management writes them: blobs and the manifest that names them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ingest.bills import Row, write_csv, write_parquet

BILLING_ACCOUNT = "/providers/Microsoft.Billing/billingAccounts/100"


def write_run(
    root: Path,
    *parts: Sequence[Row],
    run: str = "run-1",
    export: str = "daily",
    month: str = "2026-03",
    submitted: str = "2026-04-01T07:00:00.0000000Z",
    kind: str = "FocusCost",
    version: str = "1.0",
    scope: str = BILLING_ACCOUNT,
    overwrites: bool = False,
    suffix: str = ".csv.gz",
    last_day: str = "",
) -> Path:
    """Writes a run with a blob for each of `parts` below `root`; returns its folder."""
    year, number = month.split("-")
    last = last_day or {"02": "28", "04": "30", "06": "30"}.get(number, "31")
    period = f"{year}{number}01-{year}{number}{last}"
    folder = root / "finops" / export / period / ("" if overwrites else run)
    blobs: list[dict[str, Any]] = []
    for position, rows in enumerate(parts):
        path = folder / f"part_{position}_0001{suffix}"
        (write_parquet if suffix == ".parquet" else write_csv)(path, rows)
        name = path.relative_to(root).as_posix()
        blobs.append({"blobName": name, "byteCount": path.stat().st_size, "dataRowCount": len(rows)})
    content = {
        "manifestVersion": "2024-04-01",
        "byteCount": sum(blob["byteCount"] for blob in blobs),
        "blobCount": len(blobs),
        "dataRowCount": sum(len(rows) for rows in parts),
        "exportConfig": {
            "exportName": export,
            "resourceId": f"{scope}/providers/Microsoft.CostManagement/exports/{export}",
            "dataVersion": version,
            "type": kind,
        },
        "deliveryConfig": {"dataOverwriteBehavior": "OverwritePreviousReport" if overwrites else "CreateNewReport"},
        "runInfo": {
            "runId": run,
            "submittedTime": submitted,
            "startDate": f"{month}-01T00:00:00",
            "endDate": f"{month}-{last}T00:00:00",
        },
        "blobs": blobs,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def edit_manifest(folder: Path, **changes: Any) -> None:
    """Changes what the manifest of a run says; `blob` changes the entry of its first blob."""
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    content["blobs"][0].update(changes.pop("blob", {}))
    path.write_text(json.dumps({**content, **changes}))
