"""A CloudWatch that is a source: what a run books, what the next one asks again, and what is not permitted."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
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
from tests.ingest.telemetry.cloudwatch.conftest import REGION, UTILISATION, Writes, board
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

MIDNIGHT = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC) - timedelta(days=3)
MINUTES = [MIDNIGHT + timedelta(minutes=minute) for minute in range(0, 120, 5)]  # as an agent with an interval of 300


def add(trueup: Trueup, moto: Moto, **settings: object) -> None:
    config = {"region": REGION, "endpoint_url": moto.url, "since": str(MIDNIGHT.date()), **settings}
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="cloudwatch", name="ec2", config=config)


def run(trueup: Trueup, hour: float) -> TelemetryRun:
    now = MIDNIGHT + timedelta(hours=hour)
    return run_telemetry_source(trueup.engine, operator(), trueup.config, "ec2", clock=lambda: now)


@pytest.fixture
def unprivileged(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials of a user who may list metrics and nothing else, on an AWS that asks."""
    iam = moto.client("iam")
    iam.create_user(UserName="trueup")
    key = iam.create_access_key(UserName="trueup")["AccessKey"]
    allowed = {"Effect": "Allow", "Action": "cloudwatch:ListMetrics", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="trueup", PolicyName="list", PolicyDocument=policy)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    assert httpx.post(f"{moto.url}/moto-api/reset-auth", content="0").status_code == 200
    yield
    httpx.post(f"{moto.url}/moto-api/reset-auth", content="inf")


def test_a_run_books_hours_and_samples_every_five_minutes_stand(trueup: Trueup, moto: Moto, writes: Writes) -> None:
    for moment in MINUTES:
        writes(board(), moment, {UTILISATION: 40 if moment.hour == 0 else 0})
    add(trueup, moto)
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
    add(trueup, moto)
    run(trueup, 2.5)
    writes(board(), MINUTES[-1], {UTILISATION: 40})  # late
    ran = run(trueup, 3.5)
    assert ran.failures == ()
    assert {fact.sample_count for fact in trueup.all(GpuHourFact)} == {12}
    assert len(trueup.all(GpuHourFact)) == 2


def test_nothing_there_is_no_delivery(trueup: Trueup, moto: Moto) -> None:
    add(trueup, moto)
    ran = run(trueup, 2.5)
    assert (ran.outcomes, ran.failures, trueup.all(Delivery)) == ((), (), [])


def test_without_a_region_it_is_fed_by_hand(trueup: Trueup, moto: Moto) -> None:
    add(trueup, moto, region=None)
    with pytest.raises(BadInput, match="fed by hand"):
        run(trueup, 2.5)


def test_a_permission_that_is_missing_is_named(
    trueup: Trueup, moto: Moto, writes: Writes, request: pytest.FixtureRequest
) -> None:
    writes(board(), MINUTES[0], {UTILISATION: 40})
    request.getfixturevalue("unprivileged")
    add(trueup, moto)
    ran = run(trueup, 2.5)
    (failure,) = ran.failures
    assert isinstance(failure, NotPermitted)
    assert "cloudwatch:GetMetricData" in str(failure)
    assert not ran.worth_a_retry
    (access,) = check(CloudWatchSettings(region=REGION, endpoint_url=moto.url))
    assert (access.ok, "cloudwatch:GetMetricData is missing" in access.message) == (False, True)
