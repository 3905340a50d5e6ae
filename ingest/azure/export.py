"""Cost Management exports: FOCUS, or actual and amortized cost, from Blob storage or a copy of the container.

Source: Cost Management, "Create and manage Cost Management exports".
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow.parquet as pq

from app.errors import BadInput
from ingest.azure.blob_source import ExportSettings, check_export, export_offers
from ingest.azure.cost_details import open_cost_details
from ingest.azure.focus_export import open_focus_export
from ingest.azure.halves import Half
from ingest.azure.manifest import ACTUAL, FILE_NAME, FOCUS
from ingest.azure.tree import Run, counting, tree
from ingest.delivery import OpenDelivery
from ingest.files import SUFFIXES
from ingest.kind import Kind, Opening
from ingest.staging import StagedFile


def open_export(opening: Opening) -> OpenDelivery:
    """Opens the newest run of each export and period in a folder, as one delivery.

    Raises BadInput when a manifest and its files do not agree (missing, other size, other number of rows), and as the
    openings of FOCUS and of cost details do.
    """
    found = tree(opening.files, opening.settings.export_name)
    files = [file for run in found.runs for _, file in run.files]
    if not files:
        periods = ", ".join(run.manifest.period for run in found.runs)
        raise BadInput(f"The newest runs ({periods}) exported no files: there are no charges yet. Try again tomorrow.")
    if found.runs[0].manifest.type == FOCUS:
        opened = open_focus_export(opening, files)
    else:
        opened = open_cost_details(opening, files, _halves(found.runs))
    _check_rows(found.runs, opened.files, {file.name for file, _ in opened.set_aside})
    return replace(opened, set_aside=(*opened.set_aside, *found.left))


def _halves(runs: Sequence[Run]) -> Mapping[str, Half]:
    return {
        file.name: Half.ACTUAL if run.manifest.type == ACTUAL else Half.AMORTIZED
        for run in runs
        for _, file in run.files
    }


def _check_rows(runs: Sequence[Run], staged: Sequence[StagedFile], elsewhere: set[str]) -> None:
    """Raises BadInput unless there are as many rows as the manifests say, in each blob and in all of a run."""
    read = {each.file.name: pq.read_metadata(each.parquet).num_rows for each in staged}
    for run in runs:
        place = run.manifest.place
        for blob, file in run.files:
            if blob.rows is not None and file.name in read and read[file.name] != blob.rows:
                raise BadInput(_rows_message(file.name, read[file.name], place, blob.rows))
        names = [file.name for _, file in run.files]
        total = sum(read[name] for name in names if name in read)
        if run.manifest.rows is not None and not elsewhere & set(names) and total != run.manifest.rows:
            raise BadInput(_rows_message(f"The run {run.manifest.run_id}", total, place, run.manifest.rows))


def _rows_message(what: str, read: int, place: str, promised: int) -> str:
    return (
        f"{what} has {read} rows, and {place} says {promised}. Download the run again; if they still differ, run the"
        " export again in Cost Management."
    )


KIND = Kind(
    "azure-export",
    "Azure Cost Management exports: FOCUS, or actual and amortized cost, from Blob storage or a folder",
    open_export,
    settings=ExportSettings,
    suffixes=(*SUFFIXES, FILE_NAME),
    choose=counting,
    offers=export_offers,
    check=check_export,
    trailing_months=2,  # a month is final about five days after its end; refunds and credits come later
    cadence_minutes=360,  # exports run once a day; a look at the manifests costs little
)
