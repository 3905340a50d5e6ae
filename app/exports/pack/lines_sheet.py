"""The lines of a team's statement in one currency as a sheet: a block for each cost type, with live totals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from xlsxwriter.utility import xl_col_to_name

from app.domain.statement import CostType
from app.exports.pack.headings import footer
from app.exports.pack.words import COST_TYPES, correction_words, number_format, state_words
from app.exports.pack.workbook import LONGEST_LINK, MOST_LINKS, Book, Sheet, page_setup
from app.exports.table import Cell
from app.exports.xlsx import fits_excel, sheet_title
from app.reports.finance_pack import StatementFacts
from app.reports.team_pages import CostBlock, CurrencyPage, PageLine, TeamPages

_COLUMNS = (
    ("Provider", 12),
    ("Service", 26),
    ("Pool", 16),
    ("Split", 18),
    ("Weight", 12),
    ("Share", 14),
    ("Invoice issuer", 14),
    ("Invoice", 14),
    ("Quantity", 13),
    ("Unit", 9),
    ("Amount", 16),
    ("Corrects", 21),
    ("Exact amount", 24),
    ("Rows", 8),
    ("Rows without value", 10),
)
_NAMES = tuple(name for name, _ in _COLUMNS)
_AMOUNT, _LAST_PRINTED, _EXACT = (_NAMES.index(name) for name in ("Amount", "Corrects", "Exact amount"))
_NUMBERS = {"Weight", "Share", "Quantity", "Amount", "Exact amount", "Rows", "Rows without value"}
_BESIDE_A_NUMBER = {_NAMES.index(name) for name in ("Invoice issuer", "Unit", "Corrects")}
_HEAD = 1  # the row that names the columns; what is above and it stay in sight


@dataclass(frozen=True)
class LinesSheet:
    """Where the totals of a currency stand, for formulas on other sheets."""

    title: str
    as_text: bool  # an amount has more digits than Excel: all are texts, and no total is a formula
    subtotals: dict[CostType, int]
    total: int

    def formula(self, kind: CostType | None) -> str | None:
        """A formula for the total, or the subtotal of a cost type; None where amounts are texts."""
        row = self.total if kind is None else self.subtotals.get(kind)
        if self.as_text:
            return None
        return "=0" if row is None else f"='{self.title}'!{_cell(row)}"


def _cell(row: int) -> str:
    return f"{xl_col_to_name(_AMOUNT)}{row + 1}"


def write_lines(
    book: Book, statement: StatementFacts, team: TeamPages, page: CurrencyPage, link: Callable[[PageLine], str | None]
) -> LinesSheet:
    """Writes the sheet. Returns where its totals are."""
    title = sheet_title(f"Lines {page.currency}".replace("'", ""))
    writer = _Writer(Sheet(book, book.workbook.add_worksheet(title)), page, link)
    writer.heading(statement, team)
    subtotals = {block.cost_type: writer.block(block) for block in page.blocks if block.lines}
    total = writer.total(list(subtotals.values()))
    writer.dress(statement)
    return LinesSheet(title, writer.as_text, subtotals, total)


class _Writer:
    def __init__(self, sheet: Sheet, page: CurrencyPage, link: Callable[[PageLine], str | None]) -> None:
        self.sheet, self.page, self.link = sheet, page, link
        self.look = number_format(page.currency)
        self.as_text = not fits_excel(list(_amounts(page)))
        self.row, self.links = _HEAD + 1, 0

    def heading(self, statement: StatementFacts, team: TeamPages) -> None:
        name = " ".join(team.name.split())
        self.sheet.texts(0, [f"{name} · {statement.period.label} · {self.page.currency}"], "band")
        self.sheet.texts(0, [state_words(statement)], "state", first=_AMOUNT)
        for column, (name, width) in enumerate(_COLUMNS):
            shown = f"{name} ({self.page.currency})" if column in (_AMOUNT, _EXACT) else name
            self.sheet.texts(_HEAD, [shown], self._head(column, name), first=column)
            self.sheet.sheet.set_column(column, column, width)

    @staticmethod
    def _head(column: int, name: str) -> str:
        if name in _NUMBERS:
            return "head_right"
        return "head_beside" if column in _BESIDE_A_NUMBER else "head"

    def block(self, block: CostBlock) -> int:
        """The lines of a cost type, and their subtotal. Returns the row of the subtotal."""
        name = COST_TYPES[block.cost_type]
        self.sheet.texts(self.row, [name, *[""] * (len(_COLUMNS) - 1)], "band")
        start = self.row + 1
        for self.row, each in enumerate(block.lines, start):
            self._line(each)
        self.row += 1
        formula = f"=SUM({_cell(start)}:{_cell(self.row - 1)})"
        self._sum(f"{name}, subtotal", formula, block.amount, "subtotal")
        return self.row - 2

    def total(self, subtotals: list[int]) -> int:
        """The sum of the subtotals. Returns its row."""
        row = self.row
        formula = f"=SUM({','.join(map(_cell, subtotals))})" if subtotals else "=0"
        self._sum("Total to pay", formula, self.page.amount, "total")
        return row

    def _sum(self, name: str, formula: str, result: Decimal, style: str) -> None:
        self.sheet.texts(self.row, [name, *[""] * (len(_COLUMNS) - 1)], f"{style}_text")
        self.sheet.formula(
            self.row, _AMOUNT, None if self.as_text else formula, result, style=style, number_format=self.look
        )
        self.row += 2

    def _line(self, each: PageLine) -> None:
        for column, value in enumerate(_cells(each)):
            if column == _AMOUNT:
                self._amount(each)
            elif column == _EXACT:
                self.sheet.digits(self.row, column, each.line.exact_amount, "exact")
            elif isinstance(value, str):
                self.sheet.cell(self.row, column, value, "beside" if column in _BESIDE_A_NUMBER else "text")
            else:
                self.sheet.cell(self.row, column, value)

    def _amount(self, each: PageLine) -> None:
        url = self.link(each)
        linked = url is not None and len(url) <= LONGEST_LINK and self.links < MOST_LINKS
        if linked:
            self.links += 1
            self.sheet.sheet.write_url(self.row, _AMOUNT, url, tip="Explain this amount")
        style = "link" if linked else "amount"
        if self.as_text:
            self.sheet.digits(self.row, _AMOUNT, each.line.amount, style)
        else:
            self.sheet.cell(self.row, _AMOUNT, each.line.amount, style, self.look)

    def dress(self, statement: StatementFacts) -> None:
        """What stays in sight, and how it is printed."""
        sheet = self.sheet.sheet
        sheet.freeze_panes(_HEAD + 1, 0)
        sheet.repeat_rows(_HEAD)
        sheet.print_area(0, 0, self.row, _LAST_PRINTED)
        sheet.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(_COLUMNS) - 1)}{self.row + 1}"})
        page_setup(sheet, footer(statement), landscape=True)


def _amounts(page: CurrencyPage) -> Iterator[Cell]:
    yield page.amount
    for block in page.blocks:
        yield block.amount
        yield from (each.line.amount for each in block.lines)


def _cells(each: PageLine) -> tuple[Cell, ...]:
    line, key, split = each.line, each.line.key, each.split
    return (
        key.service_provider_name,
        key.service_name,
        split.pool_name if split else key.pool_id,
        split.words if split else None,
        each.weight,
        line.share,
        key.invoice_issuer_name,
        key.invoice_id,
        line.quantity,
        key.unit,
        line.amount,
        correction_words(line),
        line.exact_amount,
        line.row_count,
        line.rows_without_value,
    )
