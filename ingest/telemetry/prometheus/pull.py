"""Pulling a window of hours: every answer is kept as it came, with what was asked, beside `pull.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx

from ingest.files import Progress
from ingest.telemetry.prometheus.client import Answer, Prometheus
from ingest.telemetry.prometheus.keeping import Keeper, SeriesHour
from ingest.telemetry.prometheus.patience import answers
from ingest.telemetry.prometheus.pulled import DESCRIPTION, Pull
from ingest.telemetry.prometheus.queries import HOUR, Reach, how_many
from ingest.telemetry.prometheus.questions import (
    EVERYTHING,
    MEASURED,
    PRESENCE,
    Hours,
    Scope,
    board_askings,
    column_of,
    hourly_askings,
    minute_askings,
    ownership_askings,
)
from ingest.telemetry.prometheus.reach import measure
from ingest.telemetry.prometheus.settings import PrometheusSettings

# Watts that may contradict profiling. Whether they do for a board's own model is told when the answers are read.
FEWEST_WATTS = 30.0


def pull(
    server: Prometheus, settings: PrometheusSettings, hours: Hours, folder: Path, progress: Progress
) -> Sequence[Path]:
    """Writes the answers about `hours` into an empty folder; nothing where the server knows of no GPU in them.

    Raises what `ingest.telemetry.prometheus.patience.answers` raises.
    """
    scope, series = _scope(server, settings, hours)
    if not series:
        return ()
    keeper = Keeper(server, folder, progress, parallel=settings.parallel)
    seen = keeper.keep(hourly_askings(scope, hours), series=series)
    keeper.keep(
        (
            *minute_askings(scope, hours, best_somewhere(seen)),
            *board_askings(scope, hours, FEWEST_WATTS),
            *ownership_askings(scope, hours),
        ),
        series=series,
    )
    told = Pull(
        start=hours.start,
        end=hours.end,
        server=_address(settings),
        version=server.version(),
        dialect=settings.dialect,
        holds_start=scope.reach.holds_start,
        scrape_interval=scope.reach.interval,
        node_label=settings.node_label,
        team_label=settings.team_label,
        answers=tuple(keeper.kept),
    )
    description = folder / DESCRIPTION
    description.write_text(json.dumps(asdict(told), indent=1))
    return (description, *(folder / kept.file for kept in keeper.kept))


def best_somewhere(seen: Mapping[str, set[SeriesHour]]) -> Sequence[str]:
    """The metrics that tell best, of those there are, whether some series was active or at least there in some hour."""
    covered: set[SeriesHour] = set()
    best = []
    for column in PRESENCE:
        for metric in (name for name in seen if column_of(name) == column):
            found = seen[metric]
            if column == "gpu_util_percent":  # which says nothing of a MIG instance
                found = {each for each in found if not each.of_instance}
            if found - covered:
                best.append(metric)
                covered |= found
    return best


def gpu_metrics(server: Prometheus, settings: PrometheusSettings, hours: Hours) -> frozenset[str]:
    """The names of the metrics there are that may be asked about."""
    return server.metric_names("{" + ",".join((EVERYTHING, *settings.matchers)) + "}", hours.start, hours.end)


def _scope(server: Prometheus, settings: PrometheusSettings, hours: Hours) -> tuple[Scope, int]:
    """What can be asked about `hours`, and how many series a metric has in an hour at most; 0: there are none."""
    names = gpu_metrics(server, settings, hours)
    unknown = Reach(holds_start=False, interval=settings.scrape_interval or 60)
    scope = Scope(names, settings.matchers, unknown, settings.team_label)
    for name in scope.of(MEASURED):
        question = hours.steps(how_many(scope.selected(name), unknown), HOUR)
        counts = [point for _, answer in answers(server, question, series=1) for point in _counts(answer)]
        if counts:
            reach = measure(server, scope.selected(name), counts[-1][0], settings.scrape_interval)
            series = max(count for _, count in counts)
            return Scope(names, settings.matchers, reach, settings.team_label), series
    return scope, 0


def _counts(answer: Answer) -> list[tuple[int, int]]:
    """The moments of a count, and how many there were."""
    return [(int(moment), int(float(count))) for each in answer.series for moment, count in each["values"]]


def _address(settings: PrometheusSettings) -> str:
    return str(httpx.URL(settings.url or "").copy_with(username=None, password=None, query=None, fragment=None))
