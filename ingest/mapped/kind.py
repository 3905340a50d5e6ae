"""Any vendor's CSV or Parquet, with a mapping file that says in YAML what its columns are in FOCUS."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ibis import Table
from pydantic import Field, model_validator

from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_rows
from ingest.engine.duckdb import bill_table, rows_of
from ingest.finding import Finding
from ingest.kind import Access, Kind, Opening, SourceSettings
from ingest.mapped.document import parse_mapping
from ingest.mapped.mapping import Mapping
from ingest.mapped.rows import focus_rows, left_out
from ingest.mapped.table import stage
from ingest.yaml_document import with_text


class MappedSettings(SourceSettings):
    """Where the mapping is."""

    mapping: Path | None = Field(None, description="the YAML file of the mapping; the source keeps its content")
    mapping_text: str | None = Field(None, description="the content of the mapping, read from --mapping")

    @model_validator(mode="before")
    @classmethod
    def _keep_text(cls, data: Any) -> Any:
        return with_text(data, path_field="mapping", text_field="mapping_text")

    @model_validator(mode="after")
    def _readable(self) -> "MappedSettings":
        if self.mapping_text is not None:
            parse_mapping(self.mapping_text)
        return self


def open_mapped(opening: Opening) -> OpenDelivery:
    """Opens a vendor's files. Raises BadInput when there is no mapping, or a file is damaged or lacks a column."""
    text = opening.settings.mapping_text
    if text is None:
        raise BadInput("This kind of source needs a mapping to FOCUS. Give it one with --mapping FILE.")
    mapping = parse_mapping(text)
    staged = [stage(opening.backend, file, mapping, opening.scratch, opening.progress) for file in opening.files]
    bill = bill_table(opening.backend, [each.parquet for each in staged])
    return open_rows(
        opening.backend,
        staged,
        version="mapping 1",
        focus_rows=partial(focus_rows, mapping=mapping),
        key_extras=opening.settings.key_extras,
        notes=_notes(bill, mapping),
    )


def check(settings: MappedSettings) -> Iterator[Access]:
    """Whether the mapping is there."""
    if settings.mapping_text is None:
        yield Access(ok=False, message="There is no mapping. Add it with --mapping FILE.")
    else:
        count = len(parse_mapping(settings.mapping_text).columns)
        yield Access(ok=True, message=f"The mapping names {count} FOCUS columns.")


def _notes(bill: Table, mapping: Mapping) -> list[Finding]:
    if not mapping.leave_out:
        return []
    (row,) = rows_of(bill.aggregate(rows=left_out(bill, mapping).sum()))
    count = int(row["rows"] or 0)
    column = mapping.leave_out[0].column
    return [Finding("mapping", column, "left out, as the mapping says", count)] if count else []


KIND = Kind(
    "csv",
    "any vendor's CSV or Parquet, with a mapping file to FOCUS",
    open_mapped,
    settings=MappedSettings,
    check=check,
    cadence_minutes=1440,
)
