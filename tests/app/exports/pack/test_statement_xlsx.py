"""A team's workbook, opened with other libraries than the one that wrote it."""

import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from app.domain.money import total
from app.domain.statement import CostType
from app.exports.pack.statement_xlsx import Links, statement_xlsx
from app.reports.finance_pack import FinancePack
from app.reports.team_pages import Previous
from tests.app.exports.pack.packs import CLOSED, DRAFT, NASTY, a_line, a_pack, some_lines

AMOUNT, CORRECTS, EXACT = 10, 11, 12
Rows = list[list[Any]]


def nowhere(_team: object, _line: object) -> None:
    return None


def the_bytes(pack: FinancePack, links: Links = nowhere, team: int = 0) -> bytes:
    return statement_xlsx(pack, pack.teams[team], links)


def rows(content: bytes, sheet: str) -> Rows:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python()


def sheet(content: bytes, name: str) -> Worksheet:
    found = load_workbook(io.BytesIO(content))[name]
    assert isinstance(found, Worksheet)
    return found


def cells(content: bytes, name: str, which: str) -> list[Any]:
    """The values of a cell or a column of cells, as written."""
    found: Any = sheet(content, name)[which]
    return [row[0].value for row in found] if isinstance(found, tuple) else [found.value]


def amount(value: object) -> Decimal:
    """A cell as Excel has it: fifteen digits of a number, or a text."""
    return Decimal(value if isinstance(value, str) else f"{value:.15g}")


def recomputed(content: bytes, name: str, cell: str) -> Decimal:
    """A formula of sums worked out here, from the cells that it names."""
    (formula,) = cells(content, name, cell)
    assert isinstance(formula, str), formula
    if other := re.fullmatch(r"='(.+)'!([A-Z]+\d+)", formula):
        return recomputed(content, other[1], other[2])
    if formula == "=0":
        return Decimal(0)
    if change := re.fullmatch(r"=([A-Z]+\d+)-([A-Z]+\d+)", formula):
        return recomputed(content, name, change[1]) - amount(cells(content, name, change[2])[0])
    inside = re.fullmatch(r"=SUM\((.+)\)", formula)
    assert inside, formula
    if ":" in inside[1]:
        return total(amount(value) for value in cells(content, name, inside[1]))
    return total(recomputed(content, name, each) for each in inside[1].split(","))


def found(of: Rows, label: str, *, column: int = 0) -> int:
    return next(index for index, row in enumerate(of) if row[column] == label)


def test_totals_are_formulas_over_the_charged_amounts() -> None:
    pack = a_pack(some_lines())
    content = the_bytes(pack)
    lines = rows(content, "Lines USD")
    for block in pack.teams[0].pages[0].blocks:
        name = f"{block.cost_type.value.capitalize()}, subtotal"
        at = found(lines, name)
        assert recomputed(content, "Lines USD", f"K{at + 1}") == block.amount == amount(lines[at][AMOUNT])
    at = found(lines, "Total to pay")
    assert recomputed(content, "Lines USD", f"K{at + 1}") == Decimal("1461.15") == amount(lines[at][AMOUNT])


def test_the_page_to_read_has_the_totals_of_the_lines_beside_those_of_the_month_before() -> None:
    previous: Previous = {("search", "USD"): {CostType.DIRECT: Decimal("1000.10"), CostType.TAX: Decimal(7)}}
    content = the_bytes(a_pack(some_lines(), previous=previous))
    page = rows(content, "Statement")
    at = found(page, "Total to pay")
    assert [amount(each) for each in page[at][1:4]] == [Decimal("1461.15"), Decimal("1007.10"), Decimal("454.05")]
    assert recomputed(content, "Statement", f"B{at + 1}") == Decimal("1461.15")
    assert recomputed(content, "Statement", f"D{at + 1}") == Decimal("454.05")
    tax = found(page, "Tax")
    assert page[tax][1:4] == [0, 7, -7]
    assert recomputed(content, "Statement", f"D{tax + 1}") == -7


def test_what_was_charged_before_and_not_now_is_compared_too() -> None:
    pack = a_pack([a_line("5", team="speech")], previous={("search", "USD"): {CostType.DIRECT: Decimal(9)}})
    page = rows(the_bytes(pack), "Statement")
    assert page[found(page, "Total to pay")][1:4] == [0, 9, -9]


def test_an_amount_has_its_exact_text_beside_it() -> None:
    lines = rows(the_bytes(a_pack([a_line("-20.25", exact="-20.2549999999999999999999")])), "Lines USD")
    assert lines[3][AMOUNT] == -20.25
    assert lines[3][EXACT] == "-20.2549999999999999999999"


@pytest.mark.parametrize(("currency", "shown"), [("USD", "#,##0.00"), ("JPY", "#,##0"), ("KWD", "#,##0.000")])
def test_amounts_are_shown_in_the_minor_units_of_their_currency(currency: str, shown: str) -> None:
    content = the_bytes(a_pack([a_line("1000", currency=currency)]))
    assert sheet(content, f"Lines {currency}")["K4"].number_format == shown
    assert sheet(content, f"Lines {currency}")["K5"].number_format == shown


def test_an_amount_that_excel_would_round_makes_all_of_them_texts() -> None:
    content = the_bytes(a_pack([a_line("12345678901234.56"), a_line("1.00", service_name="B")]))
    lines = rows(content, "Lines USD")
    assert [row[AMOUNT] for row in lines[3:6]] == ["12345678901234.56", "1", "12345678901235.56"]
    page = rows(content, "Statement")
    assert page[found(page, "Total to pay")][1] == "12345678901235.56"
    assert any("more than the 15 digits" in str(row[0]) for row in page)


def test_a_sum_that_excel_would_round_makes_all_of_them_texts() -> None:
    content = the_bytes(a_pack([a_line("9999999999999.99"), a_line("9999999999999.99", service_name="B")]))
    assert all(isinstance(row[AMOUNT], str) for row in rows(content, "Lines USD")[3:6])


@settings(deadline=None)  # the first workbook of a process takes longer
@given(cents=st.lists(st.integers(-(10**16), 10**16), min_size=1, max_size=6))
def test_every_amount_and_total_is_right_to_the_last_digit(cents: list[int]) -> None:
    charged = [Decimal(each) / 100 for each in cents]
    pack = a_pack([a_line(str(each), service_name=str(place)) for place, each in enumerate(charged)])
    lines = rows(the_bytes(pack), "Lines USD")
    end = 3 + len(charged)
    assert [amount(row[AMOUNT]) for row in lines[3:end]] == charged
    assert amount(lines[end][AMOUNT]) == total(charged)


def test_a_line_says_how_its_pool_was_split_and_what_it_corrects() -> None:
    lines = rows(the_bytes(a_pack(some_lines())), "Lines USD")
    shared = lines[found(lines, "Shared") + 1]
    assert shared[2:6] == ["Platform", "by tokens", 120, 0.25]
    adjustment = lines[found(lines, "Adjustment") + 1]
    assert adjustment[CORRECTS] == "2026-02 direct, line 77"


def test_the_heading_says_what_the_statement_rests_on() -> None:
    page = {row[0]: row[1] for row in rows(the_bytes(a_pack(some_lines())), "Statement")}
    assert page["Team"] == "search"
    assert page["Cost center"] == "CC-search"
    assert page["GL account"] == "6100"
    assert page["Closed"] == "2026-04-05 16:45 UTC by bea"
    assert page["Policy"] == "house rules, version 3"
    assert page["SHA-256"] == CLOSED.sha256


def test_a_draft_says_so_on_every_sheet_and_every_printed_page() -> None:
    content = the_bytes(a_pack(some_lines(), statement=DRAFT))
    book = load_workbook(io.BytesIO(content))
    for each in book.worksheets:
        assert any("DRAFT" in str(cell.value) for cell in each[1])
        assert "DRAFT" in str(each.oddFooter)


def test_an_amount_links_to_its_explanation() -> None:
    content = the_bytes(a_pack(some_lines()), lambda _team, line: f"https://trueup.example/explain?line={line.line.id}")
    cell = sheet(content, "Lines USD")["K4"]
    assert cell.value == 1234.5
    assert cell.hyperlink.target == "https://trueup.example/explain?line=1"
    assert sheet(the_bytes(a_pack(some_lines())), "Lines USD")["K4"].hyperlink is None


def test_lines_are_printed_one_page_wide_under_headings_that_stay() -> None:
    lines = sheet(the_bytes(a_pack(some_lines())), "Lines USD")
    assert lines.freeze_panes == "A3"
    assert lines.print_title_rows == "$2:$2"
    assert lines.sheet_properties.pageSetUpPr
    assert lines.sheet_properties.pageSetUpPr.fitToPage
    assert (lines.page_setup.fitToWidth or 1, lines.page_setup.fitToHeight) == (1, 0)


def test_a_nasty_name_is_a_text_as_it_is() -> None:
    content = the_bytes(a_pack(some_lines(), names={"search": NASTY}))
    assert rows(content, "Statement")[1][0] == NASTY


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_runs_as_a_formula(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    fields: dict[str, Any] = dict.fromkeys(
        ("service_name", "service_provider_name", "invoice_id", "unit", "invoice_issuer_name"), evil
    )
    content = the_bytes(a_pack([a_line("1", **fields)], names={"search": evil}))
    assert rows(content, "Statement")[1][0] == f"'{evil}"
    texts = [cell for row in rows(content, "Lines USD") for cell in row if isinstance(cell, str)]
    assert not [text for text in texts if text.startswith(start)]


def test_each_currency_has_a_sheet_of_its_own() -> None:
    content = the_bytes(a_pack(some_lines()), team=1)
    assert CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names == ["Statement", "Lines JPY", "Lines USD"]


def test_the_same_statement_is_the_same_bytes_with_no_clock_in_them() -> None:
    content = the_bytes(a_pack(some_lines(), names={"search": NASTY}))
    assert content == the_bytes(a_pack(list(reversed(some_lines())), names={"search": NASTY}))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {each.date_time[0] for each in parts.infolist()} == {1980}
        times = re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", parts.read("docProps/core.xml").decode())
    assert set(times) == {"2026-04-05T16:45:10Z"}
