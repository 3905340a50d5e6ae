"""A float costs what its shortest text says, however long that is and wherever in the bill it stands."""

import itertools
import struct
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ibis.backends.duckdb import Backend

from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.focus.cells import number_cell
from ingest.focus.lines import scales
from tests.ingest.bills import focus_row, write_parquet
from tests.trueup import Trueup


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp("floats")
    with engine(Settings(data_dir=folder, threads=1), folder) as opened:
        yield opened


_numbers = itertools.count()


def read(backend: Backend, folder: Path, floats: list[float]) -> list[Decimal | None]:
    """The floats as a cost column reads them."""
    file = folder / f"{next(_numbers)}.parquet"  # DuckDB remembers what it has read of a file
    pq.write_table(pa.table({"place": range(len(floats)), "cost": pa.array(floats, pa.float64())}), file)
    table = backend.read_parquet(str(file))
    scale = scales(table, {"billed_cost": "cost"})["billed_cost"]
    cells = table.select("place", value=number_cell(table, "cost", scale).value).order_by("place")
    return [row["value"] for row in rows_of(cells)]


def decimal(value: float) -> Decimal:
    return Decimal(repr(value))


NEXT = struct.unpack("<d", struct.pack("<q", struct.unpack("<q", struct.pack("<d", 99999.9999999999))[0] + 1))[0]
# As long as a cost may be: whole and fractional digits share 38.
costs = st.floats(min_value=-1e12, max_value=1e12).filter(lambda each: each == 0 or abs(each) > 1e-9)


@settings(deadline=None)
@given(st.lists(costs, min_size=1, max_size=20))
@example([0.1, 1e-7, 99999.9999999999, NEXT, 100000.0000000001, -0.0, 0.30000000000000004])
def test_every_float_is_read_as_its_shortest_decimal(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory, floats: list[float]
) -> None:
    assert read(backend, tmp_path_factory.getbasetemp(), floats) == [decimal(each) for each in floats]


@settings(deadline=None)
@given(st.lists(st.decimals(min_value=-99999, max_value=99999, places=10), min_size=1, max_size=50))
def test_amounts_of_ten_places_come_back_as_they_were_written(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal]
) -> None:
    assert read(backend, tmp_path_factory.getbasetemp(), [float(each) for each in amounts]) == amounts


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
