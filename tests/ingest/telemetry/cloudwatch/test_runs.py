"""A CloudWatch that is a source: what a run books, what the next one asks again, and what is not permitted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.actions.sources import add_source
from app.actions.telemetry_runs import TelemetryRun, run_telemetry_source
from app.db.session import write_session
from app.db.tables.bills import Delivery
from app.db.tables.gpu import GpuHourFact, GpuNode
from app.domain.gpu.minutes import WHOLE_HOUR
from app.domain.viewer import operator
from app.errors import BadInput, NotPermitted
from ingest.telemetry.cloudwatch.kind import check
from ingest.telemetry.cloudwatch.settings import CloudWatchSettings
from tests.ingest.aws.conftest import Moto
from tests.ingest.aws.fakes import Answer, Asked, answering
from tests.ingest.telemetry.cloudwatch.conftest import REGION, UTILISATION, Writes, board
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

MIDNIGHT = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC) - timedelta(days=3)
MINUTES = [MIDNIGHT + timedelta(minutes=minute) for minute in range(0, 120, 5)]  # as an agent with an interval of 300


def add(trueup: Trueup, url: str, **settings: object) -> None:
    config = {"region": REGION, "endpoint_url": url, "since": str(MIDNIGHT.date()), **settings}
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="cloudwatch", name="ec2", config=config)


def run(trueup: Trueup, hour: float) -> TelemetryRun:
    now = MIDNIGHT + timedelta(hours=hour)
    return run_telemetry_source(trueup.engine, operator(), trueup.config, "ec2", clock=lambda: now)


def denying(operation: str, message: str) -> Callable[[Asked], Answer]:
    """A CloudWatch with one board that does not permit one operation; moto calls its permissions otherwise."""
    dimensions = [{"Name": name, "Value": value} for name, value in board().items()]
    listed = {"Metrics": [{"Namespace": "CWAgent", "MetricName": UTILISATION, "Dimensions": dimensions}]}

    def answer(asked: Asked) -> Answer:
        if not asked.headers["x-amz-target"].endswith(f".{operation}"):
            return Answer(json.dumps(listed).encode())
        return Answer(json.dumps({"__type": "AccessDeniedException", "message": message}).encode(), 403)

    return answer


def test_a_run_books_hours_and_samples_every_five_minutes_stand(trueup: Trueup, moto: Moto, writes: Writes) -> None:
    for moment in MINUTES:
        writes(board(), moment, {UTILISATION: 40 if moment.hour == 0 else 0})
    add(trueup, moto.url)
    (outcome,) = run(trueup, 2.5).outcomes
    assert (outcome.rows_in, outcome.hours.facts, outcome.refused) == (24, 2, 0)
    first, second = sorted(trueup.all(GpuHourFact), key=lambda fact: fact.hour)
    assert (first.observed, first.active, first.activity_avg) == (WHOLE_HOUR, WHOLE_HOUR, pytest.approx(0.4))
    assert (second.observed, second.active) == (WHOLE_HOUR, 0)
    assert [node.name for node in trueup.all(GpuNode)] == ["i-0a"]
    (delivery,) = trueup.all(Delivery)
    assert delivery.version == (MIDNIGHT + timedelta(hours=2)).isoformat()


def test_the_next_run_asks_about_three_hours_again_and_counts_none_twice(
    trueup: Trueup, moto: Moto, writes: Writes
) -> None:
    for moment in MINUTES[:-1]:
        writes(board(), moment, {UTILISATION: 40})
    add(trueup, moto.url)
    run(trueup, 2.5)
    writes(board(), MINUTES[-1], {UTILISATION: 40})  # late
    ran = run(trueup, 3.5)
    assert ran.failures == ()
    assert {fact.sample_count for fact in trueup.all(GpuHourFact)} == {12}
    assert len(trueup.all(GpuHourFact)) == 2


def test_nothing_there_is_no_delivery(trueup: Trueup, moto: Moto) -> None:
    add(trueup, moto.url)
    ran = run(trueup, 2.5)
    assert (ran.outcomes, ran.failures, trueup.all(Delivery)) == ((), (), [])


def test_without_a_region_it_is_fed_by_hand(trueup: Trueup, moto: Moto) -> None:
    add(trueup, moto.url, region=None)
    with pytest.raises(BadInput, match="fed by hand"):
        run(trueup, 2.5)


@pytest.mark.parametrize("operation", ["ListMetrics", "GetMetricData"])
@pytest.mark.parametrize("message", ["User: arn:aws:iam::1:user/t is not authorized to perform: cloudwatch:{}", "No"])
def test_a_permission_that_is_missing_is_named(trueup: Trueup, credentials: None, operation: str, message: str) -> None:
    with answering(denying(operation, message.format(operation))) as service:
        add(trueup, service.url)
        ran = run(trueup, 2.5)
        (access,) = check(CloudWatchSettings(region=REGION, endpoint_url=service.url))
    (failure,) = ran.failures
    assert isinstance(failure, NotPermitted)
    assert f"the permission cloudwatch:{operation} is missing" in str(failure)
    assert not ran.worth_a_retry
    assert (access.ok, access.message) == (False, str(failure))
