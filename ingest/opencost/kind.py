"""OpenCost: what each Kubernetes workload used and what OpenCost says it cost, as a key to share a cluster's cost by.

Its costs are computed from prices it was told, and the cluster's machines are on the cloud's bill: never a charge.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis
import pyarrow.parquet as pq
from ibis import Table

from app.errors import BadInput
from ingest.columns import exact_columns, is_number, json_object, summed_once
from ingest.delivery import OpenDelivery, open_drivers
from ingest.engine.duckdb import rows_of
from ingest.files import SourceFile
from ingest.finding import Finding
from ingest.focus.cells import instant
from ingest.kind import Kind, Opening
from ingest.opencost.allocations import DIMENSIONS, MEASURES, columns, rows_of_answer, rows_of_export
from ingest.opencost.api import check, offers
from ingest.opencost.settings import OpenCostSettings
from ingest.staging import StagedFile, open_table, stage_rows, stage_table

_DRIVERS = {
    "cpu_core_hours": ("cpu_core_hours", "core-hours"),
    "gpu_hours": ("gpu_hours", "GPU-hours"),
    "ram_gib_hours": ("ram_gib_hours", "GiB-hours"),
}


def open_opencost(opening: Opening) -> OpenDelivery:
    """Opens answers of the allocation API or CSV exports. Raises BadInput for a damaged file, or one that sums days."""
    settings: OpenCostSettings = opening.settings
    kinds = {file.name.lower().endswith(".json") for file in opening.files}
    if len(kinds) > 1:
        raise BadInput("Answers of the API and CSV exports count the same twice. Hand over one of the two.")
    staged = [_stage(opening, file, settings.labels) for file in opening.files]
    notes: list[Finding] = []

    def driver_table(bill: Table) -> Table:
        readable = instant(bill["day"]).notnull()
        for name in MEASURES:
            readable = readable & is_number(bill, name)
        told = bill.mutate(trueup_readable=readable)
        (counts,) = rows_of(told.aggregate(rows=told.count(), readable=told["trueup_readable"].sum()))
        unread = (counts["rows"] or 0) - (counts["readable"] or 0)
        if unread:
            notes.append(Finding("readable", "day", "or cost or hours cannot be read; such rows count nowhere", unread))
        return _drivers(told.filter(told["trueup_readable"]), settings)

    opened = open_drivers(opening.backend, staged, version="OpenCost allocation", drivers=driver_table)
    return replace(opened, notes=tuple(notes))


def _stage(opening: Opening, file: SourceFile, labels: Sequence[str]) -> StagedFile:
    names = columns(labels)
    if file.name.lower().endswith(".json"):
        rows: Iterator[Mapping[str, Any]] = rows_of_answer(file.path.read_bytes(), file, labels)
        return stage_rows(file, rows, names, opening.scratch)
    table = open_table(file, opening.scratch)
    missing = [name for name in ("Date", "Namespace", "TotalCost") if name not in table.columns]
    if missing:
        raise BadInput(f"{file.name} is no CSV export of OpenCost: it lacks {', '.join(missing)}.")
    plain = stage_table(opening.backend, table, opening.scratch, opening.progress)
    # Staged twice under one name would be read while it is written.
    exported = replace(file, name=f"{file.name}.rows")
    rows = rows_of_export(_records(plain), labels)
    return replace(stage_rows(exported, rows, names, opening.scratch), file=file, header_rows=1)


def _records(staged: StagedFile) -> Iterator[Mapping[str, str | None]]:
    with pq.ParquetFile(staged.parquet) as parquet:
        for batch in parquet.iter_batches():
            yield from batch.to_pylist()


def _drivers(rows: Table, settings: OpenCostSettings) -> Table:
    dimensions = [*DIMENSIONS, *(f"label_{label}" for label in settings.labels)]
    numbers = exact_columns(rows, MEASURES)
    exact = rows.select(
        *dimensions,
        day=instant(rows["day"]).cast("date"),
        **{f"sum_{name}": numbers[name] for name in MEASURES},
    )
    summed = summed_once(
        exact.aggregate(by=["day", *dimensions], **{name: exact[f"sum_{name}"].sum() for name in MEASURES})
    )

    def driver(measure: str, name: str, unit: str) -> Table:
        return summed.filter(summed[measure] != 0).select(
            day=summed["day"],
            name=ibis.literal(name),
            unit=ibis.literal(unit),
            service_provider_name=ibis.null("string"),
            dimensions=json_object({each: summed[each] for each in dimensions}),
            quantity=summed[measure].cast("string"),  # exact, whatever its scale
        )

    return ibis.union(
        driver("cost", "opencost_cost", settings.currency),
        *(driver(measure, name, unit) for measure, (name, unit) in _DRIVERS.items()),
    )


KIND = Kind(
    "opencost",
    "OpenCost or Kubecost: hours and cost of Kubernetes workloads, to share a cluster's cost by",
    open_opencost,
    settings=OpenCostSettings,
    suffixes=(".json", ".csv", ".csv.gz"),
    offers=offers,
    check=check,
    trailing_months=1,
    cadence_minutes=720,
)
