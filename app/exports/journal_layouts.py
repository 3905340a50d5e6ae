"""Layouts in which a general ledger takes a journal in.

Each writes the same entries: one row for a debit or a credit, with the columns of its journal repeated on every row, so
that rows of one journal belong together by its number. The names of columns are facts from these sources; none of the
files has been taken in by a real system yet (docs/journal.md says what to fill in and to check):

- NetSuite: Oracle's help for the import of CSV files, "Journal Entry and Intercompany Journal Entry Line-Level Fields
  Table" (docs.oracle.com, NetSuite, section_1534492737): Account, Debit, Credit, Department; at most 10 digits before
  and 2 after the point. "Custom Transaction CSV File Examples" (section_4271206853): External ID joins the lines of a
  transaction, and the columns of a sublist carry its name before a colon.
- SAP S/4HANA: the names of the fields in the tables BKPF and BSEG (ACDOCA), by which the template of the app "Upload
  General Journal Entries" (F2548) tells its columns apart; WRSOL and WRHAB are its debit and credit.
- Workday: the web service Financial Management, Import Accounting Journal (v40.2), whose elements are the columns of
  its EIB template: Accounting_Journal_Data, Journal_Entry_Line_Replacement_Data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.journal import Journal, JournalEntry
from app.exports.table import Cell, Column, Kind


class Layout(StrEnum):
    """Whose columns a journal is written in."""

    GENERIC = "generic"
    NETSUITE = "netsuite"
    SAP = "sap"
    WORKDAY = "workday"


@dataclass(frozen=True)
class Line:
    """An entry with what its row needs of its journal."""

    journal: Journal
    day: date
    memo: str  # of the journal
    number: int  # of the entry in its journal, from 1
    entry: JournalEntry

    @property
    def debit(self) -> Decimal | None:
        """What is debited; None for a credit, of which a ledger wants an empty cell."""
        return self.entry.debit or None

    @property
    def credit(self) -> Decimal | None:
        """What is credited; None for a debit."""
        return self.entry.credit or None


Value = Callable[[Line], Cell]


def _id(line: Line) -> str:
    return f"TRUEUP-{line.journal.number}"


def _fixed(cell: Cell) -> Value:
    return lambda _line: cell


_EMPTY = _fixed(None)  # what only the ledger's owner knows

_GENERIC: Mapping[Column, Value] = {
    Column("journal"): _id,
    Column("date", Kind.DAY): lambda line: line.day,
    Column("line", Kind.COUNT): lambda line: line.number,
    Column("account"): lambda line: line.entry.account,
    Column("cost_center"): lambda line: line.entry.cost_center,
    Column("description"): lambda line: line.entry.description,
    Column("reference"): lambda line: line.entry.reference,
    Column("debit", Kind.AMOUNT): lambda line: line.entry.debit,
    Column("credit", Kind.AMOUNT): lambda line: line.entry.credit,
    Column("currency"): lambda line: line.entry.currency,
}
_NETSUITE: Mapping[Column, Value] = {
    Column("External ID"): _id,
    Column("Date", Kind.DAY): lambda line: line.day,
    Column("Currency"): lambda line: line.entry.currency,
    Column("Subsidiary"): _EMPTY,
    Column("Memo"): lambda line: line.memo,
    Column("Journal Entry - Line: Account"): lambda line: line.entry.account,
    Column("Journal Entry - Line: Debit", Kind.AMOUNT): lambda line: line.debit,
    Column("Journal Entry - Line: Credit", Kind.AMOUNT): lambda line: line.credit,
    Column("Journal Entry - Line: Memo"): lambda line: _with_reference(line.entry),
    Column("Journal Entry - Line: Department"): lambda line: line.entry.cost_center,
    Column("Journal Entry - Line: Class"): _EMPTY,
}
_SAP_GL_DOCUMENT = "SA"  # the document type that SAP ships for postings to G/L accounts
_SAP: Mapping[Column, Value] = {
    Column("BUKRS"): _EMPTY,  # company code
    Column("BLART"): _fixed(_SAP_GL_DOCUMENT),
    Column("BLDAT", Kind.DAY): lambda line: line.day,
    Column("BUDAT", Kind.DAY): lambda line: line.day,
    Column("WAERS"): lambda line: line.entry.currency,
    Column("XBLNR"): lambda line: line.journal.number,  # at most 16 characters
    Column("BKTXT"): lambda line: line.memo[:25],
    Column("HKONT"): lambda line: line.entry.account,
    Column("SGTXT"): lambda line: line.entry.description[:50],
    Column("WRSOL", Kind.AMOUNT): lambda line: line.debit,
    Column("WRHAB", Kind.AMOUNT): lambda line: line.credit,
    Column("KOSTL"): lambda line: line.entry.cost_center,
    Column("ZUONR"): lambda line: line.entry.reference[:18],
}
_WORKDAY: Mapping[Column, Value] = {
    Column("Accounting Journal ID"): _id,
    Column("Company"): _EMPTY,
    Column("Currency"): lambda line: line.entry.currency,
    Column("Ledger Type"): _fixed("Actuals"),
    Column("Accounting Date", Kind.DAY): lambda line: line.day,
    Column("Journal Source"): _EMPTY,
    Column("Journal Entry Memo"): lambda line: line.memo,
    Column("Control Total Amount", Kind.AMOUNT): lambda line: line.journal.total,
    Column("Line Order", Kind.COUNT): lambda line: line.number,
    Column("Ledger Account"): lambda line: line.entry.account,
    Column("Debit Amount", Kind.AMOUNT): lambda line: line.debit,
    Column("Credit Amount", Kind.AMOUNT): lambda line: line.credit,
    Column("Memo"): lambda line: line.entry.description,
    Column("External Reference ID"): lambda line: line.entry.reference,
    Column("Cost Center"): lambda line: line.entry.cost_center,
}
LAYOUTS: Mapping[Layout, Mapping[Column, Value]] = {
    Layout.GENERIC: _GENERIC,
    Layout.NETSUITE: _NETSUITE,
    Layout.SAP: _SAP,
    Layout.WORKDAY: _WORKDAY,
}


def _with_reference(entry: JournalEntry) -> str:
    return f"{entry.description} ({entry.reference})"
