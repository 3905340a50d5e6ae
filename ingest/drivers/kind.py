"""Quantities that somebody counted: a table of daily quantities with whatever dimensions it has, and never a charge.

A quantity that is left out would move cost from one team to another without a word. So a file is taken whole or, when
a row cannot be used, not at all.
"""

from collections.abc import Mapping, Sequence

from ibis import Table

from app.domain.driver_columns import PROVIDER, REQUIRED, column_name, dimension_problem
from app.errors import BadInput
from ingest.delivery import OpenDelivery, open_drivers
from ingest.drivers.rows import below_zero, checks, count_problems, drivers, named, problems
from ingest.engine.duckdb import FILE, ROW
from ingest.kind import Kind, Opening
from ingest.staging import StagedFile, TableFile, open_table, stage_table

VERSION = "drivers"
_TOLD = 20


def open_quantities(opening: Opening) -> OpenDelivery:
    """Opens files of quantities. Raises BadInput with everything that is wrong in them, by row."""
    tables = [open_table(file, opening.scratch) for file in opening.files]
    ours: dict[str, str] = {}
    for table in tables:
        ours |= _names(table)
    _check_spelling(ours)
    staged = [stage_table(opening.backend, table, opening.scratch, opening.progress) for table in tables]

    def read(bill: Table) -> Table:
        there = {header: ours[header] for header in bill.columns if header in ours}
        rows = named(bill, there)
        _check(rows, staged, {name: header for header, name in there.items()})
        found = drivers(rows)
        _check_signs(found)
        return found

    return open_drivers(opening.backend, staged, version=VERSION, drivers=read)


def _names(table: TableFile) -> dict[str, str]:
    """Our names of a file's columns. Raises BadInput for one that is missing, doubled or cannot be used."""
    ours = {header: column_name(header) for header in table.columns}
    wrong = [f"the column {name} is missing" for name in REQUIRED if name not in ours.values()]
    if len(wrong) == len(REQUIRED):
        wrong = [f"this is no file of quantities; its columns are {', '.join(REQUIRED)} and one for each dimension"]
    for header, name in ours.items():
        known = name in REQUIRED or name == PROVIDER
        problem = None if known else dimension_problem(name)
        if problem:
            wrong.append(f"the column '{header}' {problem}")
    if wrong:
        raise BadInput("\n  ".join([_nothing(table.file.name), *(f"row 1: {each}" for each in wrong)]))
    return ours


def _check_spelling(ours: Mapping[str, str]) -> None:
    spelled: dict[str, str] = {}
    for header, name in ours.items():
        other = spelled.setdefault(name, header)
        if other != header:
            raise BadInput(f"The columns '{other}' and '{header}' say the same ({name}). Name them alike, or keep one.")


def _check(rows: Table, staged: Sequence[StagedFile], headers: Mapping[str, str]) -> None:
    found = checks(rows)
    count = count_problems(rows, found)
    if not count:
        return
    told = [_sentence(each, staged, headers) for each in problems(rows, found, _TOLD)]
    more = [f"and {count - _TOLD:,} more"] if count > _TOLD else []
    raise BadInput("\n  ".join([_nothing(staged[0].file.name), *told, *more]))


def _sentence(wrong: Mapping[str, object], staged: Sequence[StagedFile], headers: Mapping[str, str]) -> str:
    file = next(each for each in staged if str(each.parquet) == wrong[FILE])
    row = int(str(wrong[ROW])) + file.header_rows + 1
    where = f"{file.file.name}, row {row}" if len(staged) > 1 else f"row {row}"
    text = f" '{wrong['text']}'" if wrong["text"] else ""
    name = str(wrong["column"])
    return f"{where}: {headers.get(name, name)}{text} {wrong['reason']}"


def _check_signs(found: Table) -> None:
    """Raises BadInput where corrections take away more than there is: nobody used less than nothing."""
    negative = below_zero(found, _TOLD)
    if negative:
        told = [
            f"{each['day']} {each['name']} {each['dimensions']}: {each['quantity']} {each['unit']}" for each in negative
        ]
        raise BadInput(
            "\n  ".join(["These come to less than nothing. Hand over the rows that they correct as well:", *told])
        )


def _nothing(name: str) -> str:
    return f"{name}: no quantity was taken."


KIND = Kind(
    "drivers",
    "daily quantities of your own (requests, GPU-hours, seats, …) to share and explain cost by: never a charge",
    open_quantities,
    cadence_minutes=1440,
)
