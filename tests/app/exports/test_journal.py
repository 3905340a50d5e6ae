"""The journal and the reconciliation as files."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from openpyxl import load_workbook

from app.domain.charge import Metric
from app.domain.journal import Journal, JournalEntry
from app.domain.period import Period
from app.domain.period_reconciliation import reconciled
from app.domain.statement import StatementState
from app.exports.files import file_bytes
from app.exports.journal import journal_table
from app.exports.journal_layouts import Layout
from app.exports.period_reconciliation import period_reconciliation_table
from app.exports.table import Kind
from app.reports.journal import JournalReport
from app.reports.period_reconciliation import PeriodReconciliation
from app.reports.statement_facts import StatementHead
from tests.app.domain.period_figures import a_charge, a_line, an_invoice, bought, covered, facts

MARCH = Period.month(2026, 3)
HEAD = StatementHead(7, StatementState.CLOSED, Metric.EFFECTIVE, "house rules", datetime(2026, 4, 2, tzinfo=UTC),
                     None, None)  # fmt: skip
TEAM = '=Búsqueda, "R&D"\n🚀 بحث'


def an_entry(account: str, amount: str, description: str = "x", cost_center: str | None = None) -> JournalEntry:
    debit = Decimal(amount)
    return JournalEntry(
        account, cost_center, description, "S-2026-03-7", max(debit, Decimal(0)), max(-debit, Decimal(0)), "USD"
    )


REPORT = JournalReport(
    MARCH,
    date(2026, 3, 31),
    HEAD,
    (
        Journal(
            "2026-03-USD",
            "USD",
            Decimal("100.10"),
            (
                an_entry("6400", "60.07", TEAM, "=CC-1"),
                an_entry("6400", "40.03", "speech"),
                an_entry("2000", "-100.10", "AWS, A"),
            ),
        ),
    ),
)
SIDES = {
    Layout.GENERIC: ("debit", "credit"),
    Layout.NETSUITE: ("Journal Entry - Line: Debit", "Journal Entry - Line: Credit"),
    Layout.SAP: ("WRSOL", "WRHAB"),
    Layout.WORKDAY: ("Debit Amount", "Credit Amount"),
}


def rows(report: JournalReport, layout: Layout) -> list[dict[str, str]]:
    text = file_bytes(journal_table(report, layout), "csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("layout", list(Layout))
def test_every_layout_has_every_entry_and_is_balanced(layout: Layout) -> None:
    found = rows(REPORT, layout)
    debit, credit = SIDES[layout]
    assert len(found) == 3
    sums = [sum((Fraction(row[side] or "0") for row in found), Fraction(0)) for side in (debit, credit)]
    assert sums == [Fraction("100.1"), Fraction("100.1")]
    assert all("2026-03-31" in row.values() for row in found)
    assert all("USD" in row.values() for row in found)


@pytest.mark.parametrize("layout", [Layout.NETSUITE, Layout.SAP, Layout.WORKDAY])
def test_a_ledger_gets_a_debit_or_a_credit_never_both(layout: Layout) -> None:
    for row in rows(REPORT, layout):
        assert len([row[side] for side in SIDES[layout] if row[side]]) == 1


@pytest.mark.parametrize("layout", list(Layout))
def test_no_column_comes_twice_and_no_cell_is_a_formula(layout: Layout) -> None:
    table = journal_table(REPORT, layout)
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    for row in rows(REPORT, layout):
        assert not any(cell.startswith(("=", "@", "+")) for cell in row.values())
    sheet = load_workbook(io.BytesIO(file_bytes(table, "xlsx"))).worksheets[0]
    assert not any(cell.data_type == "f" for line in sheet.iter_rows() for cell in line)


def test_any_name_survives_the_generic_layout() -> None:
    assert rows(REPORT, Layout.GENERIC)[0]["description"] == f"'{TEAM}"


def test_what_a_ledger_limits_fits() -> None:
    long = JournalEntry("6400", None, "d" * 80, "r" * 80, Decimal(1), Decimal(0), "USD")
    report = JournalReport(MARCH, REPORT.date, HEAD, (Journal("2026-03-USD", "USD", Decimal(1), (long,)),))
    (row,) = rows(report, Layout.SAP)
    assert [len(row[name]) for name in ("SGTXT", "ZUONR")] == [50, 18]
    assert len(row["BKTXT"]) <= 25
    assert len(row["XBLNR"]) <= 16


def test_the_reconciliation_is_a_list_that_adds_up() -> None:
    charges = [a_charge("10.004"), bought("24"), covered("2")]
    found = facts([a_line("12.004")], charges, an_invoice("34.00"))
    table = period_reconciliation_table(PeriodReconciliation(MARCH, HEAD, reconciled(found)))
    assert table.name == "reconciliation 2026-03 closed"
    assert table.columns[4].kind is Kind.AMOUNT
    for step in ("statements_to_charges", "effective_to_billed", "billed_to_invoiced"):
        mine = {row[2]: Fraction(str(row[4])) for row in table.rows if row[1] == step}
        result, off = mine.pop("result"), mine.pop("off")
        assert sum(mine.values(), Fraction(0)) == result
        assert not off
    prepaid = {row[2]: row[4] for row in table.rows if row[1] == "prepayment plan-1"}
    assert [str(prepaid[part]) for part in ("opening", "bought", "amortised", "closing")] == ["0", "24", "-2", "22"]
