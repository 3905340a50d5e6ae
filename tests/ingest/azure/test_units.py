from decimal import Decimal

import pytest

from ingest.azure.units import unit


@pytest.mark.parametrize(
    ("measure", "block", "name", "priced"),
    [
        ("1 Hour", "1", "Hours", "Hours"),
        ("100 Hours", "100", "Hours", "100 Hours"),
        ("10K", "10000", "Units", "10000 Units"),
        ("1M", "1000000", "Units", "1000000 Units"),
        ("1K", "1000", "Units", "1000 Units"),
        ("1 GB/Month", "1", "GB/Month", "GB/Month"),
        ("1/Month", "1", "Units/Month", "Units/Month"),
        ("1 /Hour", "1", "Units/Hour", "Units/Hour"),
        ("1K/Hour", "1000", "Units/Hour", "1000 Units/Hour"),
        ("1 GB", "1", "GB", "GB"),
        ("10 MB", "10", "MB", "10 MB"),
        ("1 Minute", "1", "Minutes", "Minutes"),
        ("1,000 Requests", "1000", "Requests", "1000 Requests"),
        ("Hours", "1", "Hours", "Hours"),
        ("5 Flux Capacitors", "5", "Flux Capacitors", "5 Flux Capacitors"),
        ("Text", "1", "Text", "Text"),
        ("", "1", "Units", "Units"),
    ],
)
def test_a_unit_of_measure_is_a_block_of_something(measure: str, block: str, name: str, priced: str) -> None:
    found = unit(measure)
    assert (found.block, found.name, found.priced) == (Decimal(block), name, priced)


def test_a_block_has_a_reciprocal_where_that_can_be_written_down() -> None:
    assert unit("10K").reciprocal == Decimal("0.0001")
    assert unit("60 Minutes").reciprocal is None
