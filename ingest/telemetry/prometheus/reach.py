"""Finding out how a server cuts ranges and how often it scrapes, from its own answers and not from what it is called.

Managed services and front ends do not tell the version of the engine behind them, and a range that holds one sample
more counts a moment twice.
"""

import json
from itertools import pairwise
from statistics import median
from typing import Any

from ingest.telemetry.prometheus.client import Prometheus
from ingest.telemetry.prometheus.patience import at_moment
from ingest.telemetry.prometheus.queries import HOUR, MINUTE, Reach

_NEAR = 1  # second: samples are further apart than this


def measure(server: Prometheus, metric: str, at: int, interval: int | None) -> Reach:
    """How `server` cuts ranges, found on the series of `metric` (a selector) with most samples in the hour before `at`.

    `interval`, where it is known, is taken as it is.
    """
    found = at_moment(server, f"topk(1, count_over_time({metric}[1h]))", at).series
    if not found:
        return Reach(holds_start=False, interval=interval or MINUTE)
    series = _exactly(metric, found[0]["metric"])
    raw = at_moment(server, f"{series}[1h]", at).series
    moments = [float(moment) for moment, _ in raw[0]["values"]] if raw else []
    apart = [later - earlier for earlier, later in pairwise(moments)]
    holds_start = _holds_start(server, series, moments, apart)
    return Reach(holds_start=holds_start, interval=interval or _interval(apart))


def _interval(apart: list[float]) -> int:
    return max(1, min(round(median(apart)), HOUR)) if apart else MINUTE


def _holds_start(server: Prometheus, series: str, moments: list[float], apart: list[float]) -> bool:
    """Whether a range of a second holds a sample that is a second old, to the millisecond."""
    after = [moments[0], *(later for later, gap in zip(moments[1:], apart, strict=True) if gap > 2 * _NEAR)]
    alone = after[-1]
    return bool(at_moment(server, f"count_over_time({series}[{_NEAR}s])", alone + _NEAR).series)


def _exactly(metric: str, labels: dict[str, Any]) -> str:
    """The selector of one series."""
    name = metric.split("{", 1)[0]
    matchers = ",".join(f"{label}={json.dumps(value)}" for label, value in sorted(labels.items()))
    return f"{name}{{{matchers}}}"
