"""Prices for the GPUs of bills that were live before prices were kept, or before the catalogue knew their machines."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.actions.gpu_prices import PricedLoads, price_gpus
from app.db.queries.gpu_prices import gpu_cost, priced_hours
from app.db.session import read_session, write_session
from app.db.tables.gpu import GpuPrice
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed
from app.settings import settings
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

MARCH = date(2026, 3, 1)
P5 = {"SkuMeter": "BoxUsage:p5.48xlarge", "ConsumedQuantity": "1.25", "ConsumedUnit": "Hours"}


def priced(trueup: Trueup) -> PricedLoads:
    with write_session(trueup.engine) as session:
        return price_gpus(session, operator())


def cost(trueup: Trueup) -> Decimal:
    with read_session(trueup.engine) as session:
        return sum((each.effective_cost for each in gpu_cost(session, MARCH)), Decimal(0))


def test_a_bill_of_before_gets_prices_by_day_and_keeps_those_it_has(
    trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = {**P5, "SkuMeter": "x9.huge"}
    rows = [
        focus_row("10.5", **P5),
        focus_row("1.25", **P5),
        focus_row("7", ResourceId="i-2"),
        focus_row("3", ResourceId="i-3", **unknown),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert priced(trueup) == PricedLoads(0, ())
    assert cost(trueup) == Decimal("11.75")
    with write_session(trueup.engine) as session:
        session.execute(delete(GpuPrice))
    version = trueup.version()
    assert priced(trueup) == PricedLoads(1, (MARCH,))
    assert trueup.version() == version + 1
    with read_session(trueup.engine) as session:
        (day,) = priced_hours(session, MARCH)
    assert (day.hour, day.is_daily, day.effective_cost, day.node_hours) == (
        datetime(2026, 3, 2, tzinfo=UTC), True, Decimal("11.75"), Decimal("2.5"),
    )  # fmt: skip
    own = tmp_path / "own.yaml"
    own.write_text("instances: [{provider: aws, name: x9.huge, accelerator: L4, accelerators: 16}]")
    monkeypatch.setenv("TRUEUP_GPU_CATALOGUE", str(own))
    settings.cache_clear()
    assert priced(trueup) == PricedLoads(1, (MARCH,))
    assert cost(trueup) == Decimal("14.75")


def test_only_who_may_ingest_for_everybody_may_price(trueup: Trueup) -> None:
    with write_session(trueup.engine) as session, pytest.raises(NotAllowed):
        price_gpus(session, Viewer("team", frozenset({Scope.WRITE_INGEST}), frozenset({"t"})))
