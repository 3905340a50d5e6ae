"""A team's statement as an Excel workbook: a page to read, and behind it each currency's lines with live totals."""

from collections.abc import Callable

from app.exports.pack.headings import facts, footer, notes
from app.exports.pack.lines_sheet import LinesSheet, write_lines
from app.exports.pack.words import COST_TYPES, number_format, state_words
from app.exports.pack.workbook import Book, Sheet, page_setup
from app.exports.xlsx import fits_excel
from app.reports.finance_pack import FinancePack
from app.reports.team_pages import CostBlock, CurrencyPage, PageLine, TeamPages, change

Links = Callable[[TeamPages, PageLine], str | None]  # where the amount of a line is explained

_TITLE = "Chargeback statement"
_LAST = 4  # column of the page
_TEXT_NOTE = (
    "Amounts in {} have more than the 15 digits that Excel keeps of a number: they are written as text, and the totals"
    " are not formulas."
)


def statement_xlsx(pack: FinancePack, team: TeamPages, links: Links) -> bytes:
    """The workbook. Every total in it is a formula over the charged amounts of the lines."""
    book = Book(f"{_TITLE} {pack.statement.period.label} {' '.join(team.name.split())}", pack.statement.dated)
    sheet = Sheet(book, book.workbook.add_worksheet("Statement"))
    lines = [write_lines(book, pack.statement, team, page, lambda line: links(team, line)) for page in team.pages]
    row = _heading(sheet, pack, team)
    for page, written in zip(team.pages, lines, strict=True):
        row = _summary(sheet, row, page, written)
    _notes(sheet, row, pack, team, lines)
    sheet.sheet.set_column(0, 0, 26)
    sheet.sheet.set_column(1, _LAST, 19)
    page_setup(sheet.sheet, footer(pack.statement), landscape=False)
    return book.content()


def _heading(sheet: Sheet, pack: FinancePack, team: TeamPages) -> int:
    """What the statement is of. Returns the row below it."""
    sheet.texts(0, [_TITLE], "title")
    sheet.texts(0, [state_words(pack.statement)], "state", first=_LAST)
    _across(sheet, 1, team.name, "name", height=18)
    for row, (label, value) in enumerate(shown := list(facts(pack.statement, team)), 2):
        sheet.texts(row, [label], "label")
        sheet.texts(row, [value], first=1)
    return len(shown) + 3


def _summary(sheet: Sheet, row: int, page: CurrencyPage, lines: LinesSheet) -> int:
    """What is owed in a currency by cost type, beside the previous period. Returns the row below it."""
    sheet.texts(row, [f"Owed in {page.currency}"], "head")
    sheet.texts(row, ["This period", "Previous period", "Change"], "head_right", first=1)
    for at, block in enumerate(page.blocks, row + 1):
        sheet.texts(at, [COST_TYPES[block.cost_type]])
        _compared(sheet, at, block, lines.formula(block.cost_type), style="amount", currency=page.currency)
    end = row + 1 + len(page.blocks)
    sheet.texts(end, ["Total to pay"], "total_text")
    _compared(sheet, end, page, lines.formula(None), style="total", currency=page.currency)
    return end + 2


def _compared(
    sheet: Sheet, row: int, owed: CostBlock | CurrencyPage, formula: str | None, *, style: str, currency: str
) -> None:
    """An amount, that of the previous period, and the change."""
    look, moved = number_format(currency), change(owed.amount, owed.previous_amount)
    sheet.formula(row, 1, formula, owed.amount, style=style, number_format=look)
    sheet.cell(row, 2, owed.previous_amount, style, look)
    live = formula is not None and fits_excel([owed.previous_amount, moved])
    sheet.formula(row, 3, f"=B{row + 1}-C{row + 1}" if live else None, moved, style=style, number_format=look)


def _notes(sheet: Sheet, row: int, pack: FinancePack, team: TeamPages, lines: list[LinesSheet]) -> None:
    told = [*notes(pack, team)]
    told += [_TEXT_NOTE.format(page.currency) for page, each in zip(team.pages, lines, strict=True) if each.as_text]
    for at, note in enumerate(told, row):
        _across(sheet, at, note, "wrapped", height=15)


def _across(sheet: Sheet, row: int, text: str, style: str, *, height: int) -> None:
    """A text over the width of the page, in a row that is high enough for it."""
    sheet.sheet.merge_range(row, 0, row, _LAST, "")
    sheet.texts(row, [text], style)
    lines = sum(1 + len(part) // 95 for part in text.split("\n"))
    sheet.sheet.set_row(row, height * min(lines, 20))
