"""A delivery of FOCUS files opened for reading: staged as Parquet, recognised, and mapped to lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ibis import Table
from ibis.backends.duckdb import Backend

from app.errors import BadInput
from ingest.engine.duckdb import RESERVED, bill_table, stage_csv
from ingest.files import Progress, SourceFile, csv_header, expand, parquet_header
from ingest.focus.lines import BillMapping, currencies, lines, our_columns, scales
from ingest.focus.spec import Dataset, Layout, layout


@dataclass(frozen=True)
class StagedFile:
    """A file of the delivery and the Parquet that its rows are read from."""

    file: SourceFile
    layout: Layout
    parquet: Path
    rewritten: bool  # from CSV; a Parquet file is read as it is

    @property
    def header_rows(self) -> int:
        """How many rows stand before the first line, so that row numbers are those a spreadsheet shows."""
        return 1 if self.rewritten else 0


@dataclass(frozen=True)
class FocusDelivery:
    """The charges of a delivery as lines, with what was set aside because it holds none."""

    files: tuple[StagedFile, ...]
    set_aside: tuple[tuple[SourceFile, Dataset], ...]
    version: str
    mapping: BillMapping
    lines: Table

    def place(self, parquet: str, row: int) -> tuple[str, int]:
        """The file and row, as its reader would count, of the line at `row` (from 0) of a Parquet file."""
        staged = next(each for each in self.files if str(each.parquet) == parquet)
        return staged.file.name, row + staged.header_rows + 1


def open_delivery(
    backend: Backend,
    files: Sequence[SourceFile],
    scratch: Path,
    progress: Progress,
    *,
    key_extras: tuple[str, ...] = (),
) -> FocusDelivery:
    """Opens `files` as one FOCUS delivery.

    Raises BadInput when a file is damaged, is no FOCUS Cost and Usage file, lacks a mandatory column, or differs in
    version or format from the others; and when there is nothing but other FOCUS datasets.
    """
    opened = [_open(file, scratch, number) for number, file in enumerate(files)]
    set_aside = tuple((each.file, each.layout.dataset) for each in opened if each.is_other)
    charges = [each for each in opened if not each.is_other]
    if not charges:
        file, dataset = set_aside[0]
        raise BadInput(
            f"{file.name} is a FOCUS {dataset} file: it holds no charges."
            " Ingest the Cost and Usage file that was exported with it."
        )
    _check_layouts([(each.file, each.layout) for each in charges])
    _check_types([(each.file, each.layout) for each in charges if each.file.is_parquet])
    staged = tuple(
        _stage(backend, each, scratch / f"{number:05d}.parquet", progress) for number, each in enumerate(charges)
    )
    bill = bill_table(backend, [each.parquet for each in staged])
    mapping = _mapping(bill, staged, key_extras)
    return FocusDelivery(staged, set_aside, staged[0].layout.version, mapping, lines(bill, mapping))


class _Opened(NamedTuple):
    """A file whose header has been read, and where its bytes stand uncompressed."""

    file: SourceFile
    layout: Layout
    plain: Path

    @property
    def is_other(self) -> bool:
        return self.layout.dataset is not Dataset.COST_AND_USAGE


def _open(file: SourceFile, scratch: Path, number: int) -> _Opened:
    if file.is_parquet:
        return _Opened(file, layout(tuple(parquet_header(file))), file.path)
    plain = file.path
    if file.is_gzip:
        plain = scratch / f"{number:05d}.csv"
        expand(file, plain)
    return _Opened(file, layout(csv_header(plain, file.name)), plain)


def _check_layouts(files: Sequence[tuple[SourceFile, Layout]]) -> None:
    for file, found in files:
        if found.missing:
            raise BadInput(_missing_message(file, found))
        taken = next((name for name in found.extras if name.casefold() in RESERVED), None)
        if taken:
            raise BadInput(f"{file.name}, row 1: Trueup needs the column name {taken} for itself. Rename the column.")
    first, first_layout = files[0]
    for file, found in files[1:]:
        if found.version != first_layout.version or file.is_parquet != first.is_parquet:
            raise BadInput(
                f"{file.name} is {_kind(file, found)}, but {first.name} is {_kind(first, first_layout)}."
                " One delivery has one version and format: export them alike, or ingest each under a source of its own"
                " (--source NAME)."
            )


def _check_types(files: Sequence[tuple[SourceFile, Layout]]) -> None:
    """Raises BadInput when a column has types in two files that can only be read together by losing something."""
    seen: dict[str, dict[str, SourceFile]] = {}
    for file, found in files:
        types = parquet_header(file)
        for name, written in found.columns.items():
            kinds = seen.setdefault(name, {})
            kinds.setdefault(_kind_of_cell(types[written]), file)
            if kinds.keys() >= {"decimal", "float"} or kinds.keys() >= {"map", "text"}:
                one, other = sorted(kinds.items())[:2]
                raise BadInput(
                    f"{name} is {one[0]} in {one[1].name} and {other[0]} in {other[1].name}, which cannot be read"
                    " together without a loss. Export every file of the bill with the same column types."
                )


def _kind_of_cell(arrow_type: str) -> str:
    kinds = {"decimal": "decimal", "double": "float", "float": "float", "halffloat": "float", "map": "map"}
    texts = {"string": "text", "large_string": "text", "dictionary": "text"}
    name = next((start for start in (kinds | texts) if arrow_type.startswith(start)), None)
    return (kinds | texts)[name] if name else "another type"


def _missing_message(file: SourceFile, found: Layout) -> str:
    if len(found.columns) < len(found.missing):
        return (
            f"{file.name}, row 1: this is not a FOCUS Cost and Usage file; it lacks {', '.join(found.missing[:4])}"
            f" and {len(found.missing) - 4} more columns. Check the file, or export the bill as FOCUS."
        )
    plural = "columns" if len(found.missing) > 1 else "column"
    return (
        f"{file.name}, row 1: the mandatory {plural} {', '.join(found.missing)} of FOCUS {found.version} is missing."
        " Export the bill again with every mandatory column."
    )


def _kind(file: SourceFile, found: Layout) -> str:
    return f"FOCUS {found.version} in {'Parquet' if file.is_parquet else 'CSV'}"


def _stage(backend: Backend, opened: _Opened, target: Path, progress: Progress) -> StagedFile:
    file, found, plain = opened
    if file.is_parquet:
        return StagedFile(file, found, plain, rewritten=False)
    progress("stage", stage_csv(backend, plain, file, csv_header(plain, file.name), target))
    if plain != file.path:
        plain.unlink()  # the uncompressed copy has served
    return StagedFile(file, found, target, rewritten=True)


def _mapping(bill: Table, staged: Sequence[StagedFile], key_extras: tuple[str, ...]) -> BillMapping:
    # Files may spell a column in different case; in `bill` it has one name.
    spelled = {name.casefold(): name for name in bill.columns}
    columns: dict[str, str] = {}
    extras: dict[str, None] = {}
    for each in staged:
        columns |= {ours: spelled[written.casefold()] for ours, written in our_columns(each.layout).items()}
        extras |= dict.fromkeys(spelled[written.casefold()] for written in each.layout.extras)
    kept = tuple(name for name in key_extras if name in extras)
    return BillMapping(columns, scales(bill, columns), currencies(bill, columns), key_extras=kept, extras=tuple(extras))
