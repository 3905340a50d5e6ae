"""Google Cloud's billing export: pulled out of BigQuery month by month, or read from files at hand.

202606.parquet       the rows of an invoice month as BigQuery has them, nested
gcp_skus.csv         with --catalog: list prices of the SKUs in it
gcp_projects.csv     with --catalog: the billing account of each project
"""

from pathlib import Path

from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_rows
from ingest.engine.duckdb import bill_table
from ingest.files import SUFFIXES as TABLE_SUFFIXES
from ingest.files import SourceFile
from ingest.gcp.dimensions import is_dimension, tables_of, with_dimensions
from ingest.gcp.fields import paths
from ingest.gcp.json_rows import SUFFIXES as JSON_SUFFIXES
from ingest.gcp.json_rows import is_json, stage_json
from ingest.gcp.layout import Export, export_of
from ingest.gcp.mapping import focus_rows
from ingest.gcp.preview import preview_rows
from ingest.gcp.pull import check, offers
from ingest.gcp.settings import GcpSettings
from ingest.kind import Kind, Opening
from ingest.staging import StagedFile, open_table, stage_table


def open_export(opening: Opening) -> OpenDelivery:
    """Opens files of one of the three exports.

    Raises BadInput when a file is damaged, is none of the exports, or is another one than the others.
    """
    dimensions = {Path(file.name).name: file for file in opening.files if is_dimension(file)}
    bills = [file for file in opening.files if not is_dimension(file)]
    if not bills:
        raise BadInput(f"{opening.files[0].name} holds prices or projects and no charges. Ingest it with its bill.")
    staged = [_staged(opening, file) for file in bills]
    export = _export(opening, staged)
    if dimensions:
        tables = tables_of(dimensions)
        focus = export is Export.FOCUS
        staged = [with_dimensions(opening.backend, each, tables, opening.scratch, focus=focus) for each in staged]
    return open_rows(
        opening.backend,
        staged,
        version=export,
        focus_rows=lambda bill: (
            preview_rows(bill, opening.settings) if export is Export.FOCUS else focus_rows(bill, opening.settings)
        ),
        key_extras=opening.settings.key_extras,
        set_aside=[(file, f"the catalogue's {name.removeprefix('gcp_')[:-4]}") for name, file in dimensions.items()],
    )


KIND = Kind(
    "gcp-billing",
    "Google Cloud: the billing export to BigQuery, standard, detailed or FOCUS preview",
    open_export,
    settings=GcpSettings,
    suffixes=(*TABLE_SUFFIXES, *JSON_SUFFIXES),
    offers=offers,
    check=check,
    trailing_months=2,
)


def _staged(opening: Opening, file: SourceFile) -> StagedFile:
    if is_json(file):
        staged = stage_json(file, opening.scratch)
        opening.progress("stage", file.path.stat().st_size)
        return staged
    return stage_table(opening.backend, open_table(file, opening.scratch), opening.scratch, opening.progress)


def _export(opening: Opening, staged: list[StagedFile]) -> Export:
    found: dict[Export, SourceFile] = {}
    for each in staged:
        found.setdefault(export_of(paths(bill_table(opening.backend, [each.parquet])), each.file.name), each.file)
    if len(found) > 1:
        one, other = list(found.items())[:2]
        raise BadInput(
            f"{one[1].name} is a file of {one[0]}, and {other[1].name} one of {other[0]}: the same cost, told twice."
            " Ingest one of the two exports."
        )
    return next(iter(found))
