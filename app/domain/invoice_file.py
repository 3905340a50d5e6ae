"""Totals of invoices as people and vendors write them: rows under FOCUS' column names.

Names are read without regard to case, blanks and underscores. Either every row can be used or none is: all that is
wrong is told at once, by row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.csv_file import header_and_rows
from app.domain.invoice import InvoiceTotal
from app.domain.invoice_cells import WrongCellError, text_of, value_of
from app.errors import BadInput

Cells = Sequence[str | None]

# What each of our names may be called in a header; the first is how we write it.
NAMES = {
    "invoice_id": ("InvoiceId",),
    "invoice_issuer_name": ("InvoiceIssuerName", "InvoiceIssuer"),
    "billing_account_id": ("BillingAccountId",),
    "billing_period_start": ("BillingPeriodStart", "BillingPeriod"),
    "billing_currency": ("BillingCurrency",),
    "amount": ("Amount", "BilledCost"),
    "status": ("Status", "InvoiceIssueStatus"),
}
OPTIONAL = frozenset({"invoice_id", "status"})
_PROBLEMS_TOLD = 20


@dataclass(frozen=True)
class InvoiceLine:
    """A total, and the row that says so, as a spreadsheet counts."""

    row: int
    total: InvoiceTotal


def table_of(text: str, name: str) -> tuple[list[str], list[list[str]]]:
    """The header of the CSV file called `name`, and its rows. Raises BadInput when it cannot be read."""
    header, rows = header_and_rows(text, name)
    if not header:
        raise BadInput(f"{name} is empty. Its first row names the columns: {_columns_words()}.")
    return header, rows


def lines_of(header: Sequence[str], rows: Iterable[Cells], name: str, *, first_row: int = 2) -> tuple[InvoiceLine, ...]:
    """The lines of a table. Raises BadInput with everything that is wrong in it; blank rows are passed over."""
    places = _places(header, name)
    lines, problems = [], []
    for number, cells in enumerate(rows, start=first_row):
        if not any(cells):
            continue
        if len(cells) != len(header):
            problems.append(f"row {number}: {len(cells)} cells where the header has {len(header)}")
            continue
        values, wrong = _read(cells, header, places)
        problems += [f"row {number}: {each}" for each in wrong]
        if not wrong:
            lines.append(InvoiceLine(number, InvoiceTotal(**values)))
    if not lines and not problems:
        problems = ["there is no invoice in it"]
    _refuse(problems, name)
    return tuple(lines)


def one_line_each(lines: Iterable[InvoiceLine], name: str) -> tuple[InvoiceTotal, ...]:
    """The totals of a file that has one line for each. Raises BadInput where two lines are of the same."""
    first: dict[object, InvoiceLine] = {}
    problems = []
    for line in lines:
        before = first.setdefault(line.total.identity, line)
        if before is not line:
            problems.append(f"row {line.row}: the same invoice, account, period and currency as row {before.row}")
    _refuse(problems, name)
    return tuple(line.total for line in first.values())


def _places(header: Sequence[str], name: str) -> dict[str, int]:
    folded = [_fold(each) for each in header]
    places: dict[str, int] = {}
    problems = []
    for ours, names in NAMES.items():
        accepted = {_fold(each) for each in names}
        found = [place for place, each in enumerate(folded) if each in accepted]
        if len(found) > 1:
            problems.append(f"row 1: {' and '.join(header[place] for place in found)} say the same; keep one of them")
        elif found:
            places[ours] = found[0]
        elif ours not in OPTIONAL:
            problems.append(f"row 1: the column {' or '.join(names)} is missing")
    if len(problems) == len(NAMES) - len(OPTIONAL) and not places:
        raise BadInput(
            f"{name}, row 1: this is no file of invoices. Its first row names the columns: {_columns_words()}."
        )
    _refuse(problems, name)
    return places


def _fold(name: str) -> str:
    return name.replace("_", "").replace(" ", "").casefold()


def _columns_words() -> str:
    return ", ".join(f"{names[0]}{' (optional)' if ours in OPTIONAL else ''}" for ours, names in NAMES.items())


def _read(cells: Cells, header: Sequence[str], places: Mapping[str, int]) -> tuple[dict[str, Any], list[str]]:
    """The values of a row by our names, and what is wrong with its cells."""
    values: dict[str, Any] = {"invoice_id": None}
    wrong = []
    for ours, place in places.items():
        text = text_of(cells[place])
        try:
            if text is not None:
                values[ours] = value_of(ours, text)
            elif ours not in OPTIONAL:
                wrong.append(f"{header[place]} is empty")
        except WrongCellError as error:
            wrong.append(f"{header[place]} {error}")
    return values, wrong


def _refuse(problems: Sequence[str], name: str) -> None:
    """Raises BadInput with `problems`, the first twenty of them, if there are any."""
    if problems:
        more = [f"and {len(problems) - _PROBLEMS_TOLD} more"] if len(problems) > _PROBLEMS_TOLD else []
        raise BadInput("\n  ".join([f"{name}: no invoice was taken.", *problems[:_PROBLEMS_TOLD], *more]))
