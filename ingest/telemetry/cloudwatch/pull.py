"""What boards did in a window, by GetMetricData, as samples: one for each board and period.

A sample has the average of its period and stands at the period's start. The Maximum of the same period would tell
nothing more: the average is above 0 exactly where the maximum is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.domain.gpu.sample import WHOLE_BOARD
from app.errors import Unavailable
from ingest.aws.refusals import Denied, asking
from ingest.telemetry.cloudwatch.boards import METRICS, Board, Series
from ingest.telemetry.sample_writer import write_samples

QUERIES_AT_ONCE = 500  # of a GetMetricData (CloudWatch API reference)
BOARDS_AT_ONCE = QUERIES_AT_ONCE // len(METRICS)
# For how long CloudWatch keeps values of each period in seconds (API reference, GetMetricData); hours: 455 days.
_KEPT = ((60, timedelta(days=15)), (300, timedelta(days=63)))
HOURLY = 3600
_MARGIN = timedelta(hours=1)  # a pull takes its time, and what it asks for must not be forgotten meanwhile

Values = Mapping[datetime, float]


@dataclass(frozen=True)
class Span:
    """Whole UTC hours, [start, end), and the seconds that a value in them stands for."""

    start: datetime
    end: datetime
    period: int


def period_of(start: datetime, now: datetime) -> int:
    """The least period in seconds that CloudWatch still has of `start`."""
    age = now - start + _MARGIN
    return next((period for period, kept in _KEPT if age <= kept), HOURLY)


def pull(client: Any, namespace: str, boards: Sequence[Board], span: Span, target: Path) -> int:
    """Writes the samples of `boards` in the span to the Parquet file `target`; returns how many there are.

    Raises Denied without the permission cloudwatch:GetMetricData, Unavailable when CloudWatch has only a part of the
    answer, and what `ingest.aws.refusals.asking` raises.
    """
    return write_samples(_samples(client, namespace, boards, span), target)


def _samples(client: Any, namespace: str, boards: Sequence[Board], span: Span) -> Iterator[Mapping[str, object]]:
    for first in range(0, len(boards), BOARDS_AT_ONCE):
        few = boards[first : first + BOARDS_AT_ONCE]
        answered = iter(values(client, namespace, [series for board in few for series in board.series], span))
        for board in few:
            yield from _of_board(board, [(series, next(answered)) for series in board.series])


def _of_board(board: Board, told: Sequence[tuple[Series, Values]]) -> Iterator[Mapping[str, object]]:
    moments: dict[datetime, dict[str, object]] = {}
    for series, points in told:
        for moment, value in points.items():
            moments.setdefault(moment, {})[METRICS[series.metric]] = value
    about = {
        "gpu_uuid": board.gpu_uuid,
        "gpu_instance_id": WHOLE_BOARD,
        "hostname": board.hostname,
        "model": board.model,
    }
    for moment, measures in sorted(moments.items()):
        yield {"timestamp": moment, **about, **measures}


def values(client: Any, namespace: str, series: Sequence[Series], span: Span) -> list[Values]:
    """The averages of each series, by the start of their period."""
    found: list[Values] = []
    for first in range(0, len(series), QUERIES_AT_ONCE):
        found += _answer(client, namespace, series[first : first + QUERIES_AT_ONCE], span)
    return found


def _answer(client: Any, namespace: str, series: Sequence[Series], span: Span) -> list[Values]:
    """What CloudWatch answers to one question, all its pages together."""
    points: list[dict[datetime, float]] = [{} for _ in series]
    states = ["Complete"] * len(series)  # what the last page with a series says of it
    queries = [_query(number, namespace, each, span.period) for number, each in enumerate(series)]
    with asking(f"CloudWatch in {client.meta.region_name}"):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=span.start, EndTime=span.end, ScanBy="TimestampAscending"
        )
        for result in (each for page in pages for each in page["MetricDataResults"]):
            number = int(result["Id"][1:])
            moments = (moment.astimezone(UTC) for moment in result["Timestamps"])
            points[number].update(zip(moments, result["Values"], strict=True))
            states[number] = result.get("StatusCode", "Complete")
    _check_whole(series, states)
    return [_within(each, span) for each in points]


def _query(number: int, namespace: str, series: Series, period: int) -> Mapping[str, object]:
    dimensions = [{"Name": name, "Value": value} for name, value in series.dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": series.metric, "Dimensions": dimensions}
    return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Average"}}


def _check_whole(series: Sequence[Series], states: Sequence[str]) -> None:
    """Raises Denied or Unavailable where a series was not told to its end."""
    for each, state in zip(series, states, strict=True):
        if state == "Forbidden":
            action = "cloudwatch:GetMetricData"
            raise Denied(
                f"CloudWatch {each.metric} of {each.machine}: the permission {action} is missing. Allow {action}.",
                action=action,
            )
        if state != "Complete":
            raise Unavailable(
                f"CloudWatch {each.metric} of {each.machine}: only a part was answered ({state}). Run this again later."
            )


def _within(points: Values, span: Span) -> Values:
    return {moment: value for moment, value in points.items() if span.start <= moment < span.end}
