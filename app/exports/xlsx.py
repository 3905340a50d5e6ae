"""A table as an Excel workbook of one sheet.

Excel keeps 15 significant digits of a number. A column in which one amount has more is written as text throughout: the
cells then show every digit, and a sum over them is visibly zero, where a sum that skips only the long ones would be
wrong in silence.
"""

import io
from datetime import datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import Cell as ExcelCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.workbook.child import INVALID_TITLE_REGEX
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from app.domain.money import plain
from app.exports.table import Cell, Kind, Table, harmless

# https://support.microsoft.com/office/excel-specifications-and-limits: "Number precision: 15 digits"
_DIGITS = 15
_TITLE_LENGTH = 31
_TEXT_LENGTH = 32_767  # ibid.: "Total number of characters that a cell can contain"


def xlsx_bytes(table: Table) -> bytes:
    """The workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(table.name))
    assert isinstance(sheet, WriteOnlyWorksheet)
    sheet.freeze_panes = "A2"
    sheet.append([_heading(sheet, column.name) for column in table.columns])
    as_text = [column.kind is Kind.AMOUNT and not fits_excel(table.cells(i)) for i, column in enumerate(table.columns)]
    for row in table.rows:
        sheet.append([_value(cell, as_text=text) for cell, text in zip(row, as_text, strict=True)])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def fits_excel(cells: list[Cell]) -> bool:
    """Whether Excel can hold each amount among `cells` as a number, to the last digit."""
    return all(_digits(cell) <= _DIGITS for cell in cells if isinstance(cell, Decimal))


def excel_text(text: str) -> str:
    """`text` as a cell may hold it: harmless, without control characters, no longer than a cell."""
    return harmless(ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text))[:_TEXT_LENGTH]


def sheet_title(text: str) -> str:
    """`text` as the title of a sheet, without what Excel refuses there."""
    return INVALID_TITLE_REGEX.sub("-", text)[:_TITLE_LENGTH]


def _digits(amount: Decimal) -> int:
    return len(plain(amount).lstrip("-0.").replace(".", ""))


def _heading(sheet: WriteOnlyWorksheet, name: str) -> ExcelCell:
    cell = WriteOnlyCell(sheet, harmless(name))
    cell.font = Font(bold=True)
    return cell


def _value(cell: Cell, *, as_text: bool) -> Cell:
    match cell:
        case Decimal() if as_text:
            return plain(cell)
        case str():
            return excel_text(cell)
        case datetime():
            return cell.isoformat()  # Excel's dates have no time zone
        case _:
            return cell
