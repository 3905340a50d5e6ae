"""What an agent wrote to CloudWatch comes back as the samples that it took."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from app.errors import NotPermitted, Unavailable
from ingest.pipeline import no_progress
from ingest.telemetry.cloudwatch import pull as pulling
from ingest.telemetry.cloudwatch.boards import Series, boards
from ingest.telemetry.cloudwatch.kind import KIND, check, offers
from ingest.telemetry.cloudwatch.pull import Span, period_of, values
from ingest.telemetry.cloudwatch.settings import CloudWatchSettings
from ingest.telemetry.kind import HourWindow
from tests.ingest.aws.conftest import Moto
from tests.ingest.telemetry.cloudwatch.conftest import POWER, REGION, TOTAL, USED, UTILISATION, Writes, board
from tests.ingest.telemetry.reading import Read, read

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
NINE = datetime(NOW.year, NOW.month, NOW.day, 9, tzinfo=UTC) - timedelta(days=2)
HOUR = timedelta(hours=1)
Pulls = Callable[..., Read]


@pytest.fixture
def pulls(moto: Moto, tmp_path: Path) -> Pulls:
    """The samples that a run takes from the hours after `start`."""

    def run(start: datetime = NINE, hours: int = 1, **told: Any) -> Read:
        folder = tmp_path / "pull"
        folder.mkdir()
        settings = CloudWatchSettings(region=REGION, endpoint_url=moto.url, **told)
        found = [each.fetch(folder, no_progress) for each in offers(settings, HourWindow(start, start + hours * HOUR))]
        return read(KIND, tmp_path, *(path for paths in found for path in paths))

    return run


def test_samples_come_back_as_they_were_put_board_by_board(writes: Writes, pulls: Pulls) -> None:
    for minute in range(3):
        moment = NINE + timedelta(minutes=minute)
        writes(board(index=0), moment, {UTILISATION: 97 - minute, USED: 20_000, TOTAL: 23_028, POWER: 211.5})
        writes(board("i-0b", 1), moment, {UTILISATION: 0, USED: 1, TOTAL: 23_028, POWER: 31.25})
    found = pulls()
    assert found.refusals.count == 0
    told = [
        (each["gpu_util_percent"], each["fb_used_mib"], each["fb_total_mib"], each["power_watts"])
        for each in found.of("i-0a/0")
    ]
    assert told == [(97, 20_000, 23_028, 211.5), (96, 20_000, 23_028, 211.5), (95, 20_000, 23_028, 211.5)]
    assert [each["timestamp"] for each in found.of("i-0a/0")] == [NINE + timedelta(minutes=each) for each in range(3)]
    idle = found.of("i-0b/1")
    assert {(each["gpu_util_percent"], each["power_watts"], each["hostname"]) for each in idle} == {(0, 31.25, "i-0b")}
    assert {(each["model"], each["gpu_instance_id"]) for each in found.samples} == {("NVIDIA A10G", -1)}
    assert {each["sm_active_ratio"] for each in found.samples} == {None}


def test_a_minute_has_the_average_of_what_was_told_in_it(writes: Writes, pulls: Pulls) -> None:
    for second, percent in ((0, 0), (15, 100), (30, 50), (45, 50)):
        writes(board(), NINE + timedelta(seconds=second), {UTILISATION: percent})
    (sample,) = pulls().samples
    assert (sample["timestamp"], sample["gpu_util_percent"], sample["power_watts"]) == (NINE, 50, None)


def test_only_the_hours_that_were_asked_about_are_taken(writes: Writes, pulls: Pulls) -> None:
    for moment in (NINE - timedelta(minutes=1), NINE, NINE + HOUR - timedelta(minutes=1), NINE + HOUR):
        writes(board(), moment, {UTILISATION: 5})
    assert [each["timestamp"] for each in pulls().samples] == [NINE, NINE + HOUR - timedelta(minutes=1)]


def test_older_days_come_in_longer_periods_and_hourly_ones_are_told(writes: Writes, pulls: Pulls) -> None:
    start = NINE - timedelta(days=90)
    for minute in (0, 30):
        writes(board(), start + timedelta(minutes=minute), {UTILISATION: 10 + minute})
    found = pulls(start)
    assert [(each["timestamp"], each["gpu_util_percent"]) for each in found.samples] == [(start, 25)]
    assert "one value an hour" in found.notes[0]


@given(st.floats(0, 400))
def test_what_is_asked_for_is_still_kept(days: float) -> None:
    period = period_of(NOW - timedelta(days=days), NOW)
    assert {60: 0, 300: 14.9, 3600: 62.9}[period] <= days <= {60: 15, 300: 63, 3600: 455}[period]


def test_a_sum_over_boards_is_no_board_and_the_most_dimensions_are_right(
    moto: Moto, writes: Writes, pulls: Pulls
) -> None:
    writes({"InstanceId": "i-0a"}, NINE, {UTILISATION: 55})
    writes({"InstanceId": "i-0a", "index": "0"}, NINE, {UTILISATION: 44, POWER: 90})
    writes(board(), NINE, {UTILISATION: 33})
    (sample,) = pulls().samples
    assert (sample["gpu_uuid"], sample["gpu_util_percent"], sample["power_watts"]) == ("i-0a/0", 33, 90)
    assert len(boards(moto.client("cloudwatch"), "CWAgent", recent=False)) == 1


def test_without_an_instance_the_host_is_the_node(writes: Writes, pulls: Pulls) -> None:
    writes(board(InstanceId=""), NINE, {UTILISATION: 1})
    (sample,) = pulls().samples
    assert (sample["gpu_uuid"], sample["hostname"]) == ("ip-10-0-0-7/0", "ip-10-0-0-7")


def test_another_namespace_is_a_setting(writes: Writes, pulls: Pulls) -> None:
    writes(board(), NINE, {UTILISATION: 1}, namespace="Acme/GPU")
    assert len(pulls(namespace="Acme/GPU").samples) == 1


def test_a_value_that_cannot_be_is_refused_by_its_row(writes: Writes, pulls: Pulls) -> None:
    writes(board(), NINE, {UTILISATION: 120, POWER: 80})
    found = pulls()
    assert [(each["gpu_util_percent"], each["power_watts"]) for each in found.samples] == [(None, 80)]
    assert len(found.reasons) == 1
    assert "gpu_util_percent" in found.reasons[0]


def test_more_boards_than_a_page_lists_and_a_question_holds(
    writes: Writes, pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "BOARDS_AT_ONCE", 200)  # more series than a question may hold: it is cut
    for number in range(510):  # moto lists 500 metrics a page, as CloudWatch does
        writes(board(f"i-{number:03}"), NINE, {UTILISATION: number % 100, POWER: 50})
    found = pulls().samples
    assert [each["gpu_util_percent"] for each in found] == [number % 100 for number in range(510)]
    assert {each["power_watts"] for each in found} == {50}


def test_nothing_there_is_no_offer_and_no_file(moto: Moto, writes: Writes, tmp_path: Path) -> None:
    settings = CloudWatchSettings(region=REGION, endpoint_url=moto.url)
    window = HourWindow(NINE, NINE + HOUR)
    assert list(offers(settings, window)) == []
    writes(board(), NINE - HOUR, {UTILISATION: 1})
    (offer,) = offers(settings, window)
    assert list(offer.fetch(tmp_path, no_progress)) == []


def test_a_window_is_cut_at_midnight(moto: Moto, writes: Writes) -> None:
    writes(board(), NINE, {UTILISATION: 1})
    settings = CloudWatchSettings(region=REGION, endpoint_url=moto.url)
    found = list(offers(settings, HourWindow(NINE, NINE + 40 * HOUR)))
    ends = [datetime.fromisoformat(each.version) for each in found]
    assert ends == [NINE + 15 * HOUR, NINE + 39 * HOUR, NINE + 40 * HOUR]


SPAN = Span(NINE, NINE + HOUR, 60)
ONE = [Series(UTILISATION, board())]


def told(state: str, *points: tuple[int, float]) -> dict[str, Any]:
    moments = [NINE + timedelta(minutes=minute) for minute, _ in points]
    return {"Id": "m0", "Timestamps": moments, "Values": [value for _, value in points], "StatusCode": state}


def answers(*pages: Mapping[str, Any]) -> Any:
    """A client of a CloudWatch that answers in pages; moto has one page only."""
    client = boto3.client("cloudwatch", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")
    stubber = Stubber(client)
    for number, page in enumerate(pages):
        more = {"NextToken": str(number)} if number < len(pages) - 1 else {}
        asked = dict.fromkeys(("MetricDataQueries", "StartTime", "EndTime", "ScanBy"), ANY)
        before = {"NextToken": str(number - 1)} if number else {}
        stubber.add_response("get_metric_data", {"MetricDataResults": [page], **more}, {**asked, **before})
    stubber.activate()
    return client


def test_the_pages_of_an_answer_are_put_together() -> None:
    client = answers(told("PartialData", (0, 1.0), (1, 2.0)), told("Complete", (2, 3.0)))
    (found,) = values(client, "CWAgent", ONE, SPAN)
    assert found == {NINE + timedelta(minutes=minute): minute + 1.0 for minute in range(3)}


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ("PartialData", Unavailable, "only a part was answered"),
        ("InternalError", Unavailable, "only a part was answered"),
        ("Forbidden", NotPermitted, "cloudwatch:GetMetricData is missing"),
    ],
)
def test_a_part_of_an_answer_is_none(state: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        values(answers(told(state, (0, 1.0))), "CWAgent", ONE, SPAN)


def test_the_check_says_what_is_there_and_what_is_missing(moto: Moto, writes: Writes) -> None:
    settings = CloudWatchSettings(region=REGION, endpoint_url=moto.url)
    (nothing,) = check(settings)
    assert not nothing.ok
    assert "no board was told of in the namespace CWAgent" in nothing.message
    writes(board(InstanceId=""), NINE, {UTILISATION: 1, USED: 1, TOTAL: 2})
    first, second, third = check(settings)
    assert (first.ok, first.message) == (True, "CloudWatch in us-east-1 tells of 1 boards of 1 machines.")
    assert "no nvidia_smi_power_draw: power_watts will be unknown" in second.message
    assert "no InstanceId" in third.message


def test_only_a_region_can_be_asked() -> None:
    assert not CloudWatchSettings().points_somewhere
    assert CloudWatchSettings(region=REGION).points_somewhere
