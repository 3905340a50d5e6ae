"""FOCUS 1.4, Invoice Detail: what an invoice is made of, summed to what it comes to."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow.parquet as pq

from app.domain.invoice import InvoiceStatus, InvoiceTotal
from app.domain.invoice_file import Cells, InvoiceLine, lines_of
from app.domain.money import plain, total
from app.errors import BadInput
from ingest.focus.spec import Dataset, layout
from ingest.staging import TableFile


def is_invoice_detail(header: Sequence[str]) -> bool:
    """Whether a file with this `header` is Invoice Detail."""
    return layout(tuple(header)).dataset is Dataset.INVOICE_DETAIL


def invoice_totals(lines: Iterable[InvoiceLine]) -> tuple[InvoiceTotal, ...]:
    """What each invoice comes to, by account, period and currency.

    Voided lines are left out of the sum; an invoice with no other is voided itself and keeps what it came to. It is
    open as long as one of its lines is.
    """
    groups: defaultdict[object, list[InvoiceTotal]] = defaultdict(list)
    for line in lines:
        groups[line.total.identity].append(line.total)
    return tuple(_summed(group) for group in groups.values())


def _summed(group: Sequence[InvoiceTotal]) -> InvoiceTotal:
    counted = [each for each in group if each.status is not InvoiceStatus.VOIDED]
    statuses = {each.status for each in counted}
    first = group[0]
    return InvoiceTotal(
        *first.identity,
        amount=total(each.amount for each in counted or group),
        status=InvoiceStatus.OPEN if InvoiceStatus.OPEN in statuses else next(iter(statuses), InvoiceStatus.VOIDED),
    )


def read_invoice_detail(table: TableFile) -> tuple[InvoiceLine, ...]:
    """The lines of an Invoice Detail file. Raises BadInput with what is wrong in it, by row."""
    if table.types is None:
        return lines_of(table.columns, _csv_rows(table), table.file.name)
    return lines_of(table.columns, _parquet_rows(table), table.file.name, first_row=1)


def _csv_rows(table: TableFile) -> Iterator[Cells]:
    with table.plain.open(encoding="utf-8-sig", newline="") as text:
        try:
            rows = csv.reader(text, strict=True)
            next(rows)
            yield from rows
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadInput(f"{table.file.name} is not readable as UTF-8 CSV ({error}). Download it again.") from error


def _parquet_rows(table: TableFile) -> Iterator[Cells]:
    for row in pq.read_table(table.file.path).to_pylist():
        yield [_text(row[name]) for name in table.columns]


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case Decimal():
            return plain(value)
        case float():
            return repr(value)
        case datetime() | date():
            return value.isoformat()[:10]
        case _:
            return str(value)
