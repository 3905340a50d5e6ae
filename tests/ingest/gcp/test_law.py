"""What goes in comes out: Σ BilledCost = Σ cost + Σ credits of every invoice month, to the last digit."""

import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.domain.money import total
from app.settings import Settings
from ingest.engine.duckdb import engine, rows_of
from ingest.files import bill_files
from ingest.gcp.billing_export import KIND
from ingest.kind import Opening
from tests.examples import examples
from tests.ingest.gcp.exports import Row, gcp_row, write_parquet

pytestmark = pytest.mark.slow

TYPES = (
    *("PROMOTION", "DISCOUNT", "FREE_TIER", "SUSTAINED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT"),
    *("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "FEE_UTILIZATION_OFFSET", "RESELLER_MARGIN", "NEVER_SEEN_BEFORE"),
)
amounts = st.one_of(
    st.floats(-1e6, 1e6).map(lambda amount: round(amount, 9)),
    st.integers(-(10**12), 10**12).map(lambda micros: micros / 1_000_000),
    st.just(1.2345678901234567e-7),
)
rows = st.tuples(
    amounts,
    st.lists(st.tuples(st.sampled_from(TYPES), amounts), max_size=20),
    st.sampled_from(["202605", "202606"]),
    st.sampled_from(["regular", "tax", "adjustment", "rounding_error", "never_seen_before"]),
)
Drawn = tuple[float, list[tuple[str, float]], str, str]


# Without shrinking: an example takes a second, and the seed is printed.
@settings(max_examples=examples(3), deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(rows, min_size=1, max_size=20))
def test_no_credit_is_lost_or_counted_twice(drawn: list[Drawn]) -> None:
    invoiced: dict[str, list[Decimal]] = defaultdict(list)
    for cost, credits_given, month, _ in drawn:
        invoiced[month] += map(exact, (cost, *(amount for _, amount in credits_given)))
    bill = [gcp_row(cost, *credits_given, month=month, cost_type=kind) for cost, credits_given, month, kind in drawn]
    assert billed(bill) == {month: total(amounts) for month, amounts in invoiced.items()}


def exact(amount: float) -> Decimal:
    return Decimal(repr(amount))


def billed(bill: list[Row]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = write_parquet(Path(folder) / "export.parquet", bill)
        with engine(Settings(data_dir=Path(folder), threads=2), Path(folder)) as backend:
            opening = Opening(backend, bill_files([file]), Path(folder), lambda *_: None, KIND.settings())
            focus = KIND.open(opening).focus
            assert all(row["BilledCost"] == row["EffectiveCost"] for row in rows_of(focus))
            totals = focus.group_by("x_InvoiceMonth").aggregate(total=focus.BilledCost.sum())
            return {row["x_InvoiceMonth"]: row["total"] for row in rows_of(totals)}
