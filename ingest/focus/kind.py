"""Any FOCUS file: recognised by its header, whatever its version."""

from collections.abc import Sequence
from typing import NamedTuple

from app.domain.invoice import InvoiceTotal
from app.domain.invoice_file import InvoiceLine
from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_rows
from ingest.files import SourceFile
from ingest.finding import Finding
from ingest.focus.invoice_detail import invoice_totals, read_invoice_detail
from ingest.focus.remote import check, offers
from ingest.focus.settings import FocusSettings
from ingest.focus.spec import Dataset, Layout, layout
from ingest.kind import Kind, Opening
from ingest.staging import TableFile, open_table, stage_table


class _FocusFile(NamedTuple):
    table: TableFile
    layout: Layout

    @property
    def file(self) -> SourceFile:
        return self.table.file


def open_focus(opening: Opening) -> OpenDelivery:
    """Opens files as one FOCUS delivery.

    Raises BadInput when a file is damaged, is no FOCUS Cost and Usage file, lacks a mandatory column, or differs in
    version or format from the others; and when there is nothing but other FOCUS datasets.
    """
    tables = [open_table(file, opening.scratch) for file in opening.files]
    opened = [_FocusFile(table, layout(table.columns)) for table in tables]
    set_aside = [each for each in opened if each.layout.dataset is not Dataset.COST_AND_USAGE]
    charges = [each for each in opened if each.layout.dataset is Dataset.COST_AND_USAGE]
    if not charges:
        raise BadInput(
            f"{set_aside[0].file.name} is a FOCUS {set_aside[0].layout.dataset} file: it holds no charges."
            f" {_advice(set_aside[0])}"
        )
    _check_layouts(charges)
    _check_types([each for each in charges if each.file.is_parquet])
    invoices, notes = _invoices([each.table for each in set_aside if each.layout.dataset is Dataset.INVOICE_DETAIL])
    return open_rows(
        opening.backend,
        [stage_table(opening.backend, each.table, opening.scratch, opening.progress) for each in charges],
        version=f"FOCUS {charges[0].layout.version}",
        key_extras=opening.settings.key_extras,
        set_aside=[(each.file, f"FOCUS {each.layout.dataset}") for each in set_aside],
        notes=notes,
        invoices=invoices,
    )


KIND = Kind(
    "focus",
    "FOCUS files, 1.0 to 1.4, from any vendor",
    open_focus,
    settings=FocusSettings,
    offers=offers,
    check=check,
)


def _advice(file: _FocusFile) -> str:
    if file.layout.dataset is Dataset.INVOICE_DETAIL:
        return "Ingest it together with its Cost and Usage file, or run `trueup invoices import` on it."
    return "Ingest the Cost and Usage file that was exported with it."


def _invoices(tables: Sequence[TableFile]) -> tuple[tuple[InvoiceTotal, ...], list[Finding]]:
    """What the invoices of Invoice Detail files come to. One that cannot be read keeps no charge from being booked."""
    lines: list[InvoiceLine] = []
    notes = []
    for table in tables:
        try:
            lines += read_invoice_detail(table)
        except BadInput as error:
            notes.append(
                Finding("Invoice Detail", "InvoiceId", "cannot be read, so no invoice of it is known", 1, str(error))
            )
    return invoice_totals(lines), notes


def _check_layouts(files: Sequence[_FocusFile]) -> None:
    for each in files:
        if each.layout.missing:
            raise BadInput(_missing_message(each.file, each.layout))
    first = files[0]
    for each in files[1:]:
        if each.layout.version != first.layout.version or each.file.is_parquet != first.file.is_parquet:
            raise BadInput(
                f"{each.file.name} is {_name(each)}, but {first.file.name} is {_name(first)}."
                " One delivery has one version and format: export them alike, or ingest each under a source of its own"
                " (--source NAME)."
            )


def _check_types(files: Sequence[_FocusFile]) -> None:
    """Raises BadInput when a column has types in two files that can only be read together by losing something."""
    seen: dict[str, dict[str, SourceFile]] = {}
    for each in files:
        for name, written in each.layout.columns.items():
            kinds = seen.setdefault(name, {})
            kinds.setdefault(_kind_of_cell((each.table.types or {})[written]), each.file)
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


def _name(file: _FocusFile) -> str:
    return f"FOCUS {file.layout.version} in {'Parquet' if file.file.is_parquet else 'CSV'}"
