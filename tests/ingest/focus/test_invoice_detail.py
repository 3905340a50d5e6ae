"""FOCUS 1.4, Invoice Detail, read with the bill that it comes with."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from app.db.invoices import record_invoices
from app.db.session import read_session, write_session
from app.domain.invoice import InvoiceStatus, InvoiceTotal
from app.domain.invoice_file import lines_of
from app.domain.reconciliation import Tie
from app.domain.viewer import operator
from app.errors import BadInput
from app.reports.invoices import reconciliation
from app.settings import Settings
from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import engine as duckdb_engine
from ingest.files import bill_files
from ingest.focus.invoice_detail import invoice_totals
from ingest.focus.kind import open_focus
from ingest.kind import Opening, SourceSettings
from tests.ingest.bills import Row, focus_row, write_csv, write_parquet
from tests.trueup import Trueup

A = InvoiceTotal("A", "AWS", "1000", date(2026, 3, 1), "USD", Decimal("10.5"))


def detail(cost: Any, *, status: str = "Issued", **cells: Any) -> Row:
    """A line of an invoice."""
    return {
        "BilledCost": cost,
        "BillingAccountId": "1000",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-03-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "InvoiceDetailGrain": "{}",
        "InvoiceDetailId": "1",
        "InvoiceId": "A",
        "InvoiceIssueStatus": status,
        "InvoiceIssuerName": "AWS",
        **cells,
    }


def totals(*rows: Row) -> tuple[InvoiceTotal, ...]:
    return invoice_totals(lines_of(list(rows[0]), [list(row.values()) for row in rows], "detail.csv"))


def opened(folder: Path, tmp_path: Path) -> OpenDelivery:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with duckdb_engine(Settings(threads=2), scratch) as backend:
        return open_focus(Opening(backend, bill_files([folder]), scratch, lambda _s, _d: None, SourceSettings()))


def test_an_invoice_is_the_sum_of_its_lines_by_account_period_and_currency() -> None:
    assert totals(detail("10"), detail("0.5"), detail("3", InvoiceId="B")) == (
        A,
        InvoiceTotal("B", "AWS", "1000", date(2026, 3, 1), "USD", Decimal(3)),
    )
    assert len(totals(detail("1"), detail("1", BillingCurrency="EUR"), detail("1", BillingAccountId="2"))) == 3


def test_voided_lines_are_out_and_an_open_one_keeps_the_invoice_open() -> None:
    (partly,) = totals(detail("10"), detail("5", status="Voided"))
    (wholly,) = totals(detail("10", status="Voided"), detail("5", status="Voided"))
    (still,) = totals(detail("10"), detail("5", status="Open"))
    assert [(each.amount, each.status) for each in (partly, wholly, still)] == [
        (Decimal(10), InvoiceStatus.ISSUED),
        (Decimal(15), InvoiceStatus.VOIDED),
        (Decimal(15), InvoiceStatus.OPEN),
    ]


def test_a_file_beside_the_bill_tells_what_the_invoices_come_to(tmp_path: Path) -> None:
    folder = tmp_path / "bill"
    write_csv(folder / "cost.csv", [focus_row("10.5")])
    write_csv(folder / "invoice_1.csv.gz", [detail("10")])
    write_csv(folder / "invoice_2.csv", [detail("0.5")])
    delivery = opened(folder, tmp_path)
    assert delivery.invoices == (A,)
    assert [what for _, what in delivery.set_aside] == ["FOCUS Invoice Detail"] * 2


def test_typed_columns_are_read_as_exactly(tmp_path: Path) -> None:
    folder = tmp_path / "bill"
    write_parquet(folder / "cost.parquet", [focus_row("10.5")])
    start = datetime(2026, 3, 1, tzinfo=UTC)
    types: dict[str, pa.DataType] = {
        "BilledCost": pa.decimal128(38, 18),
        "BillingPeriodStart": pa.timestamp("us", "UTC"),
    }
    rows = [detail(Decimal("10.000000000000000001"), BillingPeriodStart=start)]
    write_parquet(folder / "invoice.parquet", rows, types)
    (total,) = opened(folder, tmp_path).invoices
    assert (total.amount, total.billing_period_start) == (Decimal("10.000000000000000001"), date(2026, 3, 1))


def test_an_unreadable_file_keeps_no_charge_out_and_is_noted(tmp_path: Path) -> None:
    folder = tmp_path / "bill"
    write_csv(folder / "cost.csv", [focus_row("10.5")])
    write_csv(folder / "invoice.csv", [detail("ten")])
    delivery = opened(folder, tmp_path)
    assert delivery.invoices == ()
    (note,) = delivery.notes
    assert "row 2: BilledCost 'ten' is not a number" in str(note.example)


def test_invoice_detail_alone_is_sent_to_where_it_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "bill"
    write_csv(folder / "invoice.csv", [detail("10")])
    with pytest.raises(BadInput, match="run `trueup invoices import` on it"):
        opened(folder, tmp_path)


@pytest.mark.slow
def test_the_sample_reconciles_to_the_last_digit(trueup: Trueup, shared_data: Path) -> None:
    folder = shared_data / "billing" / "generated" / "focus14_azure"
    trueup.ingest(folder / "synthetic_focus_1_4_cost_and_usage.csv", source="azure")
    with (folder / "synthetic_focus_1_4_invoice_detail.csv").open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)
    with write_session(trueup.engine) as session:
        record_invoices(session, invoice_totals(lines_of(header, rows, "detail.csv")), imported_from="detail.csv")
    with read_session(trueup.engine) as session:
        report = reconciliation(session, operator())
    assert [(line.invoice_ids, line.tie, line.billed_cost, line.rows) for line in report.lines] == [
        (("INV-2026-05-000001",), Tie.EXACT, Decimal("18141.709728187536"), 477),
        (("INV-2026-05-000002",), Tie.EXACT, Decimal("19461.448883429216"), 523),
    ]
    (usd,) = report.totals
    assert usd.invoiced == usd.billed_cost == Decimal("37603.158611616752")
