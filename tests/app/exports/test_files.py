"""Tables as files: exact amounts, and no formula that a spreadsheet would run."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from app.exports.csv import csv_chunks
from app.exports.parquet import parquet_bytes
from app.exports.table import Cell, Column, Kind, Table, harmless
from app.exports.xlsx import fits_excel, xlsx_bytes

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=12)


def amounts_table(*cells: Decimal | None) -> Table:
    return Table("amounts", (Column("amount", Kind.AMOUNT),), [(cell,) for cell in cells])


def of_excel(table: Table) -> list[tuple[object, ...]]:
    sheet = load_workbook(io.BytesIO(xlsx_bytes(table))).active
    assert sheet is not None
    return list(sheet.iter_rows(min_row=2, values_only=True))


def test_csv_writes_each_kind_of_cell_plainly() -> None:
    table = Table(
        "all",
        (
            Column("a"),
            Column("b", Kind.AMOUNT),
            Column("c", Kind.DAY),
            Column("d", Kind.INSTANT),
            Column("e", Kind.COUNT),
        ),
        [('say "x", y', Decimal("-1E+3"), date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC), 7), (None,) * 5],
    )
    assert b"".join(csv_chunks(table)).decode() == (
        'a,b,c,d,e\r\n"say ""x"", y",-1000,2026-03-01,2026-03-01T00:00:00+00:00,7\r\n,,,,\r\n'
    )


def test_a_long_csv_comes_in_chunks_and_an_empty_one_has_its_heading() -> None:
    long = Table("long", (Column("n", Kind.COUNT),), [(n,) for n in range(5_000)])
    chunks = list(csv_chunks(long))
    assert len(chunks) > 1
    assert b"".join(chunks).decode().split() == ["n", *map(str, range(5_000))]
    assert list(csv_chunks(Table("none", (Column("n"),), []))) == [b"n\r\n"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(start: str) -> None:
    evil = f"{start}cmd|' /C calc'!A0"
    assert harmless(evil) == f"'{evil}"
    table = Table("text", (Column(evil),), [(evil,), ("GPU = fast",)])
    assert b"\n" + evil.encode() not in b"".join(csv_chunks(table))
    assert of_excel(table)[1] == ("GPU = fast",)
    assert str(of_excel(table)[0][0]).startswith("'")


def test_a_negative_amount_stays_an_amount() -> None:
    table = amounts_table(Decimal("-12.5"))
    assert b"".join(csv_chunks(table)) == b"amount\r\n-12.5\r\n"
    assert of_excel(table) == [(-12.5,)]


def test_a_column_that_excel_cannot_hold_exactly_is_text_throughout() -> None:
    table = amounts_table(Decimal("1.5"), None, Decimal("0.1234567890123456"))
    assert of_excel(table) == [("1.5",), (None,), ("0.1234567890123456",)]


@given(amount=amounts)
def test_an_amount_in_excel_is_the_amount_to_the_last_digit(amount: Decimal) -> None:
    ((cell,),) = of_excel(amounts_table(amount))
    assert Decimal(str(cell)) == amount
    assert isinstance(cell, str) != fits_excel([amount])


@pytest.mark.parametrize("cell", ["bell \x07", "x" * 40_000, "naïve ☃"])
def test_excel_takes_any_text(cell: str) -> None:
    assert len(of_excel(Table("a/b: [c]" * 9, (Column("text"),), [(cell,)]))) == 1


@given(cells=st.lists(st.none() | amounts))
def test_parquet_holds_amounts_exactly(cells: list[Decimal | None]) -> None:
    table = pq.read_table(io.BytesIO(parquet_bytes(amounts_table(*cells))))
    assert pa.types.is_decimal(table.schema.field("amount").type)
    assert table["amount"].to_pylist() == cells


def test_an_amount_too_long_for_a_decimal_is_text_in_parquet() -> None:
    long = Decimal("12345678901234567890.123456789012345678901234")
    table = pq.read_table(io.BytesIO(parquet_bytes(amounts_table(long, Decimal(1)))))
    assert table["amount"].to_pylist() == [str(long), "1"]


def test_parquet_keeps_the_kinds_of_columns() -> None:
    row: tuple[Cell, ...] = ("a", 1, date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC))
    columns = (Column("t"), Column("n", Kind.COUNT), Column("d", Kind.DAY), Column("i", Kind.INSTANT))
    assert pq.read_table(io.BytesIO(parquet_bytes(Table("kinds", columns, [row])))).to_pylist() == [
        {"t": "a", "n": 1, "d": date(2026, 3, 1), "i": datetime(2026, 3, 1, tzinfo=UTC)}
    ]


def test_zeros_after_the_last_digit_do_not_matter_in_parquet() -> None:
    long = Decimal("1234567.100000000000000000000000") * Decimal("0.500000000000")
    table = Table("t", (Column("amount", Kind.AMOUNT),), [(long,)])
    assert pq.read_table(io.BytesIO(parquet_bytes(table))).to_pylist() == [{"amount": Decimal("617283.55")}]
