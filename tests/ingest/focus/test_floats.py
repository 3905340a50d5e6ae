"""A number costs what its text says, a float what its shortest text says, however long and wherever it stands."""

import itertools
import re
import struct
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ibis.backends.duckdb import Backend

from app.domain import money
from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.focus.lines import scales
from ingest.focus.numbers import NUMBER, Number, short_part
from tests.ingest.bills import focus_row, write_parquet
from tests.trueup import Trueup


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp("floats")
    with engine(Settings(data_dir=folder, threads=1), folder) as opened:
        yield opened


_numbers = itertools.count()


def read(backend: Backend, folder: Path, values: "pa.Array[Any]") -> tuple[list[Decimal | None], Decimal | None]:
    """The values as a cost column reads them, and its sum over them."""
    file = folder / f"{next(_numbers)}.parquet"  # DuckDB remembers what it has read of a file
    pq.write_table(pa.table({"place": range(len(values)), "cost": values}), file)
    table = backend.read_parquet(str(file))
    scale = scales(table, {"billed_cost": "cost"})["billed_cost"]
    cells = table.mutate(short=short_part(table.cost, scale))
    number = Number.read(cells.cost, cells.short, scale)
    rows = rows_of(cells.select("place", value=number.value, missing=number.missing).order_by("place"))
    assert all((row["value"] is None) == row["missing"] for row in rows)
    (summed,) = rows_of(cells.aggregate(total=number.total))
    return [row["value"] for row in rows], summed["total"]


def decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def exact_sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of those that are there; None where none is."""
    there = [each for each in values if each is not None]
    return money.total(there) if there else None


NEXT = struct.unpack("<d", struct.pack("<q", struct.unpack("<q", struct.pack("<d", 99999.9999999999))[0] + 1))[0]
# As long as a cost may be: whole and fractional digits share 38.
costs = st.floats(min_value=-1e12, max_value=1e12).filter(lambda each: each == 0 or abs(each) > 1e-9)


@settings(deadline=None)
@given(st.lists(costs, min_size=1, max_size=20))
@example([0.1, 1e-7, 99999.9999999999, NEXT, 100000.0000000001, -0.0, 0.30000000000000004])
def test_every_float_is_read_as_its_shortest_decimal(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory, floats: list[float]
) -> None:
    values, total = read(backend, tmp_path_factory.getbasetemp(), pa.array(floats, pa.float64()))
    assert values == [decimal(each) for each in floats]
    assert total == exact_sum(values)


@settings(deadline=None)
@given(st.lists(st.decimals(min_value=-99999, max_value=99999, places=10), min_size=1, max_size=50))
def test_amounts_of_ten_places_come_back_as_they_were_written(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal]
) -> None:
    floats = pa.array([float(each) for each in amounts], pa.float64())
    assert read(backend, tmp_path_factory.getbasetemp(), floats) == (amounts, exact_sum(amounts))


# Together of no more than the 38 digits that are kept.
written = st.one_of(
    st.decimals(min_value=-(10**12), max_value=10**12, places=6).map(str),
    st.decimals(min_value=-9, max_value=9, places=20).map("{:f}".format),
    st.from_regex(r"[ +-]?[0-9]{0,3}(\.[0-9]{0,14})?([eE][+-]?[0-9])?[ _x]?", fullmatch=True),
    st.sampled_from(["", "NULL", " null ", "-", ".", "+.5", "1e3", "1_000", "0x1f", "inf", "nan", "1,5", "1 2", "--1"]),
    st.none(),
)


@settings(deadline=None)
@given(st.lists(written, min_size=1, max_size=20))
def test_a_text_is_read_as_the_number_it_writes_and_as_nothing_else(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]
) -> None:
    values, total = read(backend, tmp_path_factory.getbasetemp(), pa.array(texts, pa.string()))
    stripped = [(text or "").strip(" ") for text in texts]
    expected = [Decimal(text) if re.search(NUMBER, text) else None for text in stripped]
    assert values == expected
    assert total == exact_sum(expected)


def test_a_long_float_after_the_rows_that_were_looked_at_is_read_too(
    trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.focus.lines.GUESSED_FROM", 1)
    rows = [focus_row() | dict.fromkeys(COSTS, cost) for cost in (0.5, 0.1234567890123456)]
    outcome = trueup.ingest(write_parquet(tmp_path / "bill.parquet", rows, dict.fromkeys(COSTS, pa.float64())))
    assert outcome.rows_quarantined == 0
    assert trueup.total() == Decimal("0.6234567890123456")


def test_what_is_no_number_is_set_aside(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row() | dict.fromkeys(COSTS, cost) for cost in (0.5, float("nan"), float("inf"))]
    outcome = trueup.ingest(write_parquet(tmp_path / "bill.parquet", rows, dict.fromkeys(COSTS, pa.float64())))
    assert outcome.rows_quarantined == 2
    assert trueup.total() == Decimal("0.5")


COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
