"""AWS Cost and Usage Reports as FOCUS: line items, what is left of commitments, and split cost allocation.

    rows of a line item   one, as `line_item` maps it; a negation none (it is folded into what it negates)
    a recurring fee       a second one for the part that was not used (`commitments`)
    an account's plans    one for what covered usage and negations do not cancel, normally none (`commitments`)
    a pod or task         takes its cost from its instance, which keeps the remainder (`split`)

Σ BilledCost is always Σ line_item_net_unblended_cost, or line_item_unblended_cost where that is null.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis
from ibis import Table

from app.errors import BadInput
from ingest.aws.amounts import AMOUNTS, Amounts, holds_as_double, travels_as_double
from ingest.aws.commitments import Differences, folded_differences, unreadable_fold, unused_commitments
from ingest.aws.line_item import BILLED, COVERED, DISCOUNTS, KNOWN, NEEDED, NEGATION, LineItems
from ingest.aws.native import Native, names
from ingest.aws.split import Splits, has_splits
from ingest.delivery import OpenDelivery, open_rows, place
from ingest.engine.duckdb import POSITION, bill_table, rows_of
from ingest.files import SourceFile
from ingest.finding import Finding
from ingest.focus.lines import UNREADABLE
from ingest.focus.spec import COLUMNS
from ingest.kind import Opening
from ingest.staging import StagedFile, TableFile, open_table, stage_table


def open_cur(opening: Opening, files: Sequence[SourceFile]) -> OpenDelivery:
    """Opens files as one Cost and Usage Report.

    Raises BadInput when a file is damaged or no such report, when it lacks a column that one of its line items needs,
    or when the files differ in format.
    """
    if not files:
        raise BadInput("There is no data file of a report here. Hand over its .csv, .csv.gz or .parquet files.")
    tables = [open_table(file, opening.scratch) for file in files]
    for table in tables:
        _check(table)
    _check_alike(tables)
    staged = [stage_table(opening.backend, each, opening.scratch, opening.progress) for each in tables]
    report = _report(opening, staged)
    return open_rows(
        opening.backend,
        staged,
        version="CUR 1" if report.items.native.names.legacy else "CUR 2.0",
        focus_rows=lambda _bill: report.focus,
        key_extras=opening.settings.key_extras,
        notes=report.notes,
    )


@dataclass(frozen=True)
class _Report:
    items: LineItems
    focus: Table
    notes: tuple[Finding, ...]


def _report(opening: Opening, staged: Sequence[StagedFile]) -> _Report:
    bill = bill_table(opening.backend, [each.parquet for each in staged])
    native = Native(bill, names(bill.columns))
    rows = _counted(native)
    items = LineItems(native, Amounts(doubles=travels_as_double(native)), frozenset(kind for kind in rows if kind))
    _check_needed(items, staged[0].file)
    differences, with_splits = folded_differences(items), has_splits(items)
    branches = _branches(items, differences, with_splits=with_splits)
    if items.amounts.doubles and not all(_holds(each) for each in branches.further):
        items = replace(items, amounts=Amounts(doubles=False))
        branches = _branches(items, differences, with_splits=with_splits)
    notes = (
        _unknown_types_note(rows),
        _gross_discounts_note(items),
        differences.note() if differences else None,
        branches.splits.note() if branches.splits else None,
    )
    settled = [_settled(each, items.amounts) for each in (branches.main, *branches.further)]
    focus = ibis.union(*settled) if len(settled) > 1 else settled[0]
    return _Report(items, focus, tuple(note for note in notes if note))


@dataclass(frozen=True)
class _Branches:
    """The FOCUS rows of a delivery, by where they come from; amounts that were worked out are decimals still."""

    main: Table
    further: tuple[Table, ...]
    splits: Splits | None


def _branches(items: LineItems, differences: Differences | None, *, with_splits: bool) -> _Branches:
    splits = Splits(items) if with_splits else None
    further = [
        *unused_commitments(items),
        *([differences.rows(items)] if differences else []),
        *([splits.rows(), splits.remainders()] if splits else []),
    ]
    return _Branches(_main(items, splits), tuple(further), splits)


def _main(items: LineItems, splits: Splits | None) -> Table:
    """A row for each line item that no other branch stands for."""
    table = items.native.table
    if NEGATION in items.types:
        table = table.filter((items.kind != NEGATION) | items.kind.isnull() | unreadable_fold(items))
    if splits:
        table = table.anti_join(splits.replaced, POSITION)
    rows = items.on(table)
    unreadable = rows.by_type(
        ((COVERED, NEGATION), lambda: ibis.cases((unreadable_fold(rows), rows.native.written(BILLED[-1])))),
        otherwise=ibis.null("string"),
    )
    return table.select(**{**rows.row(), UNREADABLE: unreadable, **place(table)})


def _settled(branch: Table, amounts: Amounts) -> Table:
    """A branch with all its amounts in the type that they have in the delivery."""
    decimals = [name for name in AMOUNTS if branch[name].type().is_decimal()]
    return branch.mutate(**{name: amounts.back(branch[name]) for name in decimals}) if decimals else branch


def _holds(branch: Table) -> bool:
    (found,) = rows_of(branch.aggregate(holds=holds_as_double(branch)))
    return found["holds"] is not False  # null where there are no rows


def _counted(native: Native) -> dict[str | None, int]:
    kind = native.text("line_item_line_item_type")
    return {
        each["kind"]: each["rows"] for each in rows_of(native.table.group_by(kind=kind).aggregate(rows=ibis._.count()))
    }


def _unknown_types_note(rows: Mapping[str | None, int]) -> Finding | None:
    unknown = sorted(str(kind) for kind in rows if kind not in KNOWN)
    if not unknown:
        return None
    return Finding(
        rule="line-item-type",
        column="line_item_line_item_type",
        message="is one that Trueup has not met; its unblended cost is booked as usage",
        rows=sum(count for kind, count in rows.items() if kind not in KNOWN),
        example=", ".join(unknown),
    )


def _gross_discounts_note(items: LineItems) -> Finding | None:
    """Discounts that have no net cost, beside usage that has: its net cost contains them already."""
    native = items.native
    if not native.has(BILLED[0]) or not items.types.intersection(DISCOUNTS):
        return None
    net = native.first(BILLED[0]).notnull()
    discount = items.kind.isin(DISCOUNTS)
    (found,) = rows_of(native.table.aggregate(gross=(discount & ~net).sum(), net=(~discount & net).sum()))
    if not found["gross"] or not found["net"]:
        return None
    return Finding(
        rule="net-discount",
        column=native.written(BILLED[0]),
        message="is empty for a discount, while usage has its net cost; the discount may be counted twice",
        rows=found["gross"],
    )


def _check(table: TableFile) -> None:
    found = names(table.columns)
    if not found.missing:
        return
    if sum(name in COLUMNS for name in table.columns) > len(found.columns) // 2:
        raise BadInput(f"{table.file.name}, row 1: this is a FOCUS file. Ingest it with `--format focus`.")
    if "line_item_line_item_type" not in found.columns:
        raise BadInput(
            f"{table.file.name}, row 1: this is not a Cost and Usage Report; it lacks line_item_line_item_type"
            " (lineItem/LineItemType). Check the file."
        )
    plural = "columns" if len(found.missing) > 1 else "column"
    raise BadInput(
        f"{table.file.name}, row 1: the {plural} {', '.join(found.missing)} of the report is missing."
        " Export it again with every column."
    )


def _check_alike(tables: Sequence[TableFile]) -> None:
    first = tables[0]
    for each in tables[1:]:
        if each.file.is_parquet != first.file.is_parquet:
            raise BadInput(
                f"{each.file.name} and {first.file.name} differ in format. Hand over the report in one of them only:"
                " two copies would count twice."
            )


def _check_needed(items: LineItems, file: SourceFile) -> None:
    """Raises BadInput when the report lacks a column that gives one of its line items its effective cost."""
    for kind, needed in NEEDED.items():
        missing = [name for name in needed if not items.native.has(name)]
        if kind in items.types and missing:
            raise BadInput(
                f"{file.name} has line items of type {kind}, and no column {' or '.join(missing)} that says what they"
                " cost. Export the report again with every column."
            )
