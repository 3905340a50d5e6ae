"""A source of exporters, run: each run is one moment of every board, and several make up an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from app.actions.sources import add_source
from app.actions.telemetry_runs import run_telemetry_source
from app.db.session import write_session
from app.db.tables.bills import Delivery
from app.db.tables.gpu import GpuHourFact
from app.domain.gpu.minutes import mask
from app.domain.viewer import operator
from ingest import http
from tests.ingest.fake_api import Query, serving
from tests.trueup import Trueup

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
LABELS = 'gpu="0",UUID="GPU-1",modelName="NVIDIA H100 80GB HBM3",Hostname="gpu-1",pod="trainer-0",namespace="nlp"'


def test_what_exporters_say_minute_by_minute_makes_up_an_hour(trueup: Trueup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "pause", lambda _: None)
    busy = iter([0.5, 0.7, 0.0])
    moments = iter([NINE + timedelta(minutes=minute, seconds=20) for minute in (3, 4, 7)])

    def page(_: Query) -> bytes:
        return f"DCGM_FI_PROF_SM_ACTIVE{{{LABELS}}} {next(busy)}\n# GPU node 1\nnonsense\n".encode()

    with serving() as exporter:
        exporter.routes["/metrics"] = page
        urls = (exporter.url, f"{exporter.url}/away")
        with write_session(trueup.engine) as session:
            add_source(session, operator(), kind="dcgm", name="cluster", config={"urls": urls})
        for _ in range(3):
            run = run_telemetry_source(trueup.engine, operator(), trueup.config, "cluster", clock=lambda: next(moments))
            (outcome,) = run.outcomes
            assert outcome.refused == 1  # the line of nonsense
            assert "/away" in str(run.failures[0])

    (fact,) = trueup.all(GpuHourFact)
    assert (fact.hour, fact.sample_count) == (NINE, 3)
    assert (fact.observed, fact.active) == (mask([3, 4, 7]), mask([3, 4]))
    assert fact.activity_avg == pytest.approx(0.4)
    assert [each.state for each in trueup.all(Delivery)] == ["loaded"] * 3
