"""A workbook as we write them: its formats, texts that cannot run, numbers that Excel holds, the same bytes every time.

XlsxWriter keeps the result of a formula beside it, so that a preview, a phone or a protected view shows totals too.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from app.domain.money import plain
from app.exports.table import Cell
from app.exports.xlsx import excel_text, fits_excel

INK, QUIET, LINE, BAND = "#1B1F26", "#5B6673", "#C3CAD4", "#EEF1F5"
# https://support.microsoft.com/office/excel-specifications-and-limits: hyperlinks in a worksheet, and in XlsxWriter's
# words the longest link.
MOST_LINKS, LONGEST_LINK = 65_530, 2_079

_STYLES: dict[str, dict[str, object]] = {
    "text": {"valign": "top"},
    "wrapped": {"valign": "top", "text_wrap": True},
    "title": {"bold": True, "font_size": 16},
    "name": {"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"},
    "state": {"bold": True, "align": "right"},
    "label": {"font_color": QUIET, "valign": "top"},
    "beside": {"valign": "top", "align": "left", "indent": 1},
    "head_beside": {"bold": True, "bottom": 1, "bottom_color": INK, "align": "left", "indent": 1},
    "head": {"bold": True, "bottom": 1, "bottom_color": INK, "valign": "bottom", "text_wrap": True},
    "head_right": {"bold": True, "bottom": 1, "bottom_color": INK, "align": "right", "text_wrap": True},
    "band": {"bold": True, "bg_color": BAND},
    "amount": {"align": "right", "valign": "top"},
    "link": {"align": "right", "valign": "top", "font_color": "#1F4E8C"},
    "exact": {"align": "right", "valign": "top", "font_color": QUIET},
    "subtotal": {"bold": True, "align": "right", "top": 1, "top_color": LINE},
    "subtotal_text": {"bold": True, "top": 1, "top_color": LINE},
    "total": {"bold": True, "align": "right", "top": 1, "bottom": 6, "font_size": 12},
    "total_text": {"bold": True, "top": 1, "bottom": 6, "font_size": 12},
}


class Book:
    """A workbook in memory."""

    def __init__(self, title: str, dated: datetime) -> None:
        self._target = io.BytesIO()
        self.workbook = Workbook(self._target, {"in_memory": True, "strings_to_formulas": False})
        self.workbook.set_properties({"title": title[:255], "author": "Trueup", "created": dated.replace(tzinfo=None)})
        self.style = cache(self._format)

    def _format(self, name: str, number_format: str = "General") -> Format:
        return self.workbook.add_format({"font_color": INK, **_STYLES[name], "num_format": number_format})

    def content(self) -> bytes:
        """Closes the workbook. Returns its bytes."""
        self.workbook.close()
        return self._target.getvalue()


@dataclass(frozen=True)
class Sheet:
    """A sheet of a book."""

    book: Book
    sheet: Any  # XlsxWriter's, which has no types

    def texts(self, row: int, cells: Iterable[str | None], style: str = "text", *, first: int = 0) -> None:
        """Texts side by side, none of which runs as a formula."""
        for column, text in enumerate(cells, first):
            self.sheet.write_string(row, column, excel_text(text or ""), self.book.style(style))

    def cell(self, row: int, column: int, value: Cell, style: str = "amount", number_format: str = "General") -> None:
        """A value. A number that Excel cannot hold to the last digit is a text of all its digits."""
        match value:
            case Decimal() if not fits_excel([value]):
                self.digits(row, column, value, style)
            case Decimal() | int():
                self.sheet.write_number(row, column, float(value), self.book.style(style, number_format))
            case str():
                self.texts(row, [value], style, first=column)
            case _:
                assert value is None, f"no cell for {value!r}"

    def digits(self, row: int, column: int, value: Decimal, style: str) -> None:
        """A number as text of all its digits, which no sum takes for a number."""
        self.sheet.write_string(row, column, plain(value), self.book.style(style))

    def formula(
        self, row: int, column: int, formula: str | None, result: Decimal, *, style: str, number_format: str
    ) -> None:
        """A formula with its result; without a formula, the result as text of all its digits."""
        if formula is None:
            self.digits(row, column, result, style)
        else:
            self.sheet.write_formula(row, column, formula, self.book.style(style, number_format), float(result))


def page_setup(sheet: Any, footer: str, *, landscape: bool) -> None:
    """A4, one page wide, numbered; `footer` on every page."""
    if landscape:
        sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.set_footer(f"&L&8{footer.replace('&', '&&')[:200]}&R&8&P / &N")
    sheet.hide_gridlines(2)
