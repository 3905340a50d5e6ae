"""A Prometheus that is a source: what a run takes, what the next one asks about again, and what is left behind."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.actions.schedule import runnable_sources
from app.actions.sources import add_source, remove_source
from app.actions.telemetry_runs import TelemetryRun, run_telemetry_source
from app.db.session import read_session, write_session
from app.db.tables.bills import Delivery, Source
from app.db.tables.gpu import GpuBoard, GpuHourFact, GpuNode, GpuOwner
from app.domain.viewer import operator
from app.errors import BadInput, Conflict, Unavailable
from ingest import http
from tests.ingest.telemetry.prometheus import cluster as c
from tests.ingest.telemetry.prometheus.proxy import Proxy, before
from tests.trueup import Trueup

NAME = "gpus"
MIDNIGHT = datetime(2025, 3, 2, tzinfo=UTC)


def add(trueup: Trueup, url: str | None, **settings: object) -> None:
    config = {"since": "2025-03-02", **({"url": url} if url else {}), **settings}
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="prometheus", name=NAME, config=config)


def run(trueup: Trueup, hour: float, **asked: object) -> TelemetryRun:
    """A run as long after the cluster's midnight."""
    now = MIDNIGHT + timedelta(hours=hour)
    return run_telemetry_source(trueup.engine, operator(), trueup.config, NAME, clock=lambda: now, **asked)  # type: ignore[arg-type]


def hours(trueup: Trueup) -> list[datetime]:
    with read_session(trueup.engine) as session:
        found = session.scalars(select(GpuHourFact.hour).distinct().order_by(GpuHourFact.hour))
        return [each.astimezone(UTC) for each in found]


@pytest.fixture
def proxy(server: str) -> Iterator[Proxy]:
    with before(server) as standing:
        yield standing


def test_a_run_takes_the_hours_that_are_over(trueup: Trueup, server: str) -> None:
    add(trueup, server)
    ran = run(trueup, 5.5)
    assert (ran.failures, [each.hours.facts for each in ran.outcomes]) == ((), [5 * 17])
    assert hours(trueup) == [MIDNIGHT + timedelta(hours=hour) for hour in range(5)]
    with read_session(trueup.engine) as session:
        assert session.scalar(select(func.count()).select_from(GpuBoard)) == 16
        assert set(session.scalars(select(GpuNode.name))) == {"node-0", "node-1"}
        assert set(session.scalars(select(GpuOwner.team))) == {"training", "serving"}


def test_the_next_run_asks_about_three_hours_again_and_counts_none_twice(trueup: Trueup, proxy: Proxy) -> None:
    add(trueup, proxy.url)
    run(trueup, 5.5)
    proxy.sent.clear()
    (outcome,) = run(trueup, 7.5).outcomes
    assert (outcome.hours.facts, outcome.hours.replaced) == (5 * 17, 3 * 17)
    assert hours(trueup) == [MIDNIGHT + timedelta(hours=hour) for hour in range(7)]
    averages = [each for each in proxy.ranges() if each.form["query"].startswith("avg_over_time")]
    first = MIDNIGHT + timedelta(hours=2)
    assert {int(each.form["start"]) for each in averages} == {int(first.timestamp()) + 3600}


def test_the_same_hours_again_change_nothing(trueup: Trueup, server: str) -> None:
    add(trueup, server)
    month = MIDNIGHT.date().replace(day=1)
    assert [each.unchanged for each in run(trueup, 3.5, month=month).outcomes] == [False]
    assert [each.unchanged for each in run(trueup, 3.5, month=month).outcomes] == [True]
    assert len(trueup.all(Delivery)) == 1


def test_what_was_asked_is_kept_beside_the_answers(trueup: Trueup, server: str) -> None:
    add(trueup, server)
    (outcome,) = run(trueup, 2.5).outcomes
    (description,) = (trueup.config.archive_dir / NAME / outcome.sha256).rglob("pull.json")
    told = json.loads(description.read_text())
    assert told["server"] == server
    assert {each["stat"] for each in told["answers"]} >= {"avg", "max", "count", "minute", "counter", "team"}
    (delivery,) = trueup.all(Delivery)
    assert delivery.version == (MIDNIGHT + timedelta(hours=2)).isoformat()


def test_what_the_server_has_forgotten_stays(trueup: Trueup, proxy: Proxy) -> None:
    """Retention ends somewhere in the hours that are asked about again: the earlier ones are not erased."""
    add(trueup, proxy.url)
    run(trueup, 13.5)
    assert hours(trueup)[-1] == MIDNIGHT + timedelta(hours=12)
    with write_session(trueup.engine) as session:  # an hour that only we know
        source = session.scalars(select(Source)).one()
        delivery = session.scalars(select(Delivery)).one()
        session.add(
            GpuHourFact(source_id=source.id, delivery_id=delivery.id, hour=MIDNIGHT - timedelta(hours=1), board_id=1,
                        gpu_instance_id=-1, sample_count=60, observed=1, active=1)
        )  # fmt: skip
    run(trueup, 13.5, month=MIDNIGHT.date().replace(day=1))
    assert hours(trueup)[0] == MIDNIGHT - timedelta(hours=1)


def test_a_server_that_goes_away_leaves_what_was_taken_and_is_worth_a_retry(
    trueup: Trueup, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "pause", lambda _: None)
    add(trueup, proxy.url)
    run(trueup, 3.5)
    proxy.faults += [(503, {}, b"store is away")] * 100
    ran = run(trueup, 9.5)
    assert isinstance(ran.failures[0], Unavailable)
    assert ran.worth_a_retry
    assert len(hours(trueup)) == 3
    refused = [each for each in trueup.all(Delivery) if each.state == "refused"]
    assert [each.message is not None and "store is away" in each.message for each in refused] == [True]
    proxy.faults.clear()
    run(trueup, 9.5)
    assert len(hours(trueup)) == 9


def test_hours_without_any_gpu_are_no_delivery(trueup: Trueup, server: str) -> None:
    add(trueup, server, matchers=('cluster="elsewhere"',))
    ran = run(trueup, 5.5)
    assert (ran.outcomes, ran.failures) == ((), ())
    assert trueup.all(Delivery) == []


def test_a_source_with_an_address_is_run_by_the_scheduler_and_one_without_is_not(trueup: Trueup, server: str) -> None:
    add(trueup, None)
    with read_session(trueup.engine) as session:
        assert runnable_sources(session) == []
    with pytest.raises(BadInput, match="fed by hand"):
        run(trueup, 5.5)


def test_a_source_that_told_of_gpus_cannot_be_removed(trueup: Trueup, server: str) -> None:
    add(trueup, server)
    run(trueup, 2.5)
    with write_session(trueup.engine) as session, pytest.raises(Conflict, match="told of GPUs"):
        remove_source(session, operator(), NAME)


def test_the_day_is_whole_after_many_runs(trueup: Trueup, server: str) -> None:
    """Runs in pieces give the facts of one run: whatever is asked again takes the place of what it was."""
    add(trueup, server)
    for hour in (6.5, 15.5, 24.5):
        assert run(trueup, hour).failures == ()
    with read_session(trueup.engine) as session:
        facts, samples = session.execute(select(func.count(), func.sum(GpuHourFact.sample_count))).one()
    boards_with_all_hours = 15
    parts = 2  # of the board in parts
    assert facts == (boards_with_all_hours - 1) * 24 + parts * 24 + 23
    assert samples == expected_samples()


def expected_samples() -> int:
    return len(c.Cluster().samples)
