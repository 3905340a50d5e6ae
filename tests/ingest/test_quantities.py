"""Daily quantities as drivers: one row for each combination, exact, without zeros."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend

from app.errors import BadInput
from app.settings import Settings
from ingest.delivery import DRIVER_COLUMNS
from ingest.engine.duckdb import engine, rows_of
from ingest.quantities import Quantity, counts, driver_table

DAY = date(2026, 5, 1)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    with engine(Settings(data_dir=tmp_path, threads=1), tmp_path) as found:
        yield found


def tokens(quantity: str, **dimensions: str | bool | None) -> Quantity:
    return Quantity(DAY, "tokens", "tokens", dimensions, Decimal(quantity))


def test_what_has_the_same_dimensions_is_added_up(backend: Backend, tmp_path: Path) -> None:
    told = [tokens("1234567890123456789", model="m"), tokens("0.5", model="m", user=None), tokens("2", batch=True)]
    table = driver_table(backend, tmp_path, "OpenAI", told)
    assert table is not None
    assert table.columns == DRIVER_COLUMNS
    assert [(row["day"], row["dimensions"], row["quantity"]) for row in rows_of(table)] == [
        (DAY, '{"batch": true}', Decimal(2)),
        (DAY, '{"model": "m"}', Decimal("1234567890123456789.5")),
    ]


def test_zeros_are_no_drivers(backend: Backend, tmp_path: Path) -> None:
    assert driver_table(backend, tmp_path, "OpenAI", [tokens("0"), tokens("0.0", model="m")]) is None


@pytest.mark.parametrize("quantity", ["1e40", "1e-30"])
def test_a_quantity_with_too_many_digits_is_refused(backend: Backend, tmp_path: Path, quantity: str) -> None:
    with pytest.raises(BadInput, match="more digits"):
        driver_table(backend, tmp_path, "OpenAI", [tokens(quantity)])


def test_a_count_that_is_not_said_is_not_zero() -> None:
    assert dict(counts("f", {"a": "5", "b": None}, ("a", "b", "c"))) == {"a": 5}
    with pytest.raises(BadInput, match="f: a is 'NaN', which is no number"):
        list(counts("f", {"a": "NaN"}, ("a",)))
