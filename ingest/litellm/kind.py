"""LiteLLM, a gateway to model vendors: what it passed on, as quantities that explain and share the vendors' invoices.

Its spend is an estimate from a price table and the vendor bills the same tokens, so nothing of it is ever a charge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ibis import Table

from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_drivers
from ingest.engine.duckdb import rows_of
from ingest.files import SUFFIXES, SourceFile
from ingest.finding import Finding
from ingest.kind import Kind, Opening
from ingest.litellm.api import check, offers
from ingest.litellm.settings import DIMENSIONS, LiteLLMSettings
from ingest.litellm.shapes import DAILY_COLUMNS, JSON_SUFFIXES, LOG_COLUMNS, Shape, is_json, json_rows, shape_of
from ingest.litellm.usage import drivers, of_daily, of_logs, once, readable_daily, readable_logs
from ingest.staging import StagedFile, open_table, stage_rows, stage_table


def open_litellm(opening: Opening) -> OpenDelivery:
    """Opens spend logs or daily tables. Raises BadInput when a file is damaged, or the files count the same twice."""
    settings: LiteLLMSettings = opening.settings
    unknown = [name for name in settings.dimensions if name not in DIMENSIONS]
    if unknown:
        raise BadInput(f"LiteLLM has no dimension {unknown[0]}. Choose from {', '.join(DIMENSIONS)}.")
    staged, shapes = [], {}
    for file in opening.files:
        found, each = _stage(opening, file)
        staged.append(each)
        shapes[file.name] = found
    shape = _only_shape(shapes)
    notes: list[Finding] = []

    def driver_table(bill: Table) -> Table:
        readable = readable_logs(bill) if shape is Shape.LOGS else readable_daily(bill)
        told = bill.mutate(trueup_readable=readable)
        (counts,) = rows_of(told.aggregate(rows=told.count(), readable=told["trueup_readable"].sum(), **_twice(told)))
        notes.extend(_notes(shape, counts, shapes))
        good = told.filter(told["trueup_readable"]).drop("trueup_readable")
        if shape is Shape.LOGS:
            single = once(good) if _times_twice(counts) else good
            return drivers(of_logs(single, settings.dimensions), currency=settings.currency)
        return drivers(of_daily(good, settings.dimensions), currency=settings.currency)

    opened = open_drivers(opening.backend, staged, version=f"LiteLLM {shape}", drivers=driver_table)
    return replace(opened, notes=tuple(notes))


def _stage(opening: Opening, file: SourceFile) -> tuple[tuple[Shape, str], StagedFile]:
    if is_json(file):
        shape, owner, rows = json_rows(file)
        columns = LOG_COLUMNS if shape is Shape.LOGS else DAILY_COLUMNS
        return (shape, owner), stage_rows(file, rows, columns, opening.scratch)
    table = open_table(file, opening.scratch)
    return shape_of(table.columns, file), stage_table(opening.backend, table, opening.scratch, opening.progress)


def _only_shape(shapes: Mapping[str, tuple[Shape, str]]) -> Shape:
    """The shape of all files. Two different ones count the same requests twice."""
    (first, (shape, owner)), *rest = shapes.items()
    for name, (other, other_owner) in rest:
        if (other, other_owner) != (shape, owner):
            raise BadInput(
                f"{first} holds {shape} by {owner}, {name} {other} by {other_owner}: the same requests, counted twice."
                " Hand over one of the two."
            )
    return shape


def _twice(told: Table) -> dict[str, object]:
    if "request_id" not in told.columns:
        return {}
    return {"ids": told["request_id"].count(), "distinct_ids": told["request_id"].nunique()}


def _times_twice(counts: Mapping[str, int | None]) -> int:
    """How many rows are of a request that has stood before."""
    return (counts.get("ids") or 0) - (counts.get("distinct_ids") or 0)


def _notes(
    shape: Shape, counts: Mapping[str, int | None], shapes: Mapping[str, tuple[Shape, str]]
) -> Sequence[Finding]:
    notes = []
    unread = (counts["rows"] or 0) - (counts["readable"] or 0)
    if unread:
        day = "startTime" if shape is Shape.LOGS else "date"
        notes.append(Finding("readable", day, "or spend or tokens cannot be read; such rows count nowhere", unread))
    if twice := _times_twice(counts):
        notes.append(Finding("unique", "request_id", "comes more than once; each request counts once", twice))
    if any(owner == "tag" for _, owner in shapes.values()):
        message = "a request with several tags stands in each of them, so that sums over tags exceed the spend"
        notes.append(Finding("overlap", "tag", message, counts["rows"] or 0))
    return notes


KIND = Kind(
    "litellm",
    "LiteLLM, a gateway: spend logs and daily spend, to share vendors' invoices by team, key and model",
    open_litellm,
    settings=LiteLLMSettings,
    suffixes=(*SUFFIXES, *JSON_SUFFIXES),
    offers=offers,
    check=check,
    trailing_months=1,
    cadence_minutes=360,
)
