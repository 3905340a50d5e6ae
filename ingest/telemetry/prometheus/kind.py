"""Prometheus, and what answers like it: hours summed up where the samples are, pulled since the last run."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from app.errors import BadInput, TrueupError
from ingest.files import Progress
from ingest.kind import Access, Offer
from ingest.telemetry.kind import HourWindow, TelemetryKind, TelemetryOpening
from ingest.telemetry.prometheus.client import prometheus
from ingest.telemetry.prometheus.grouping import hours_of_answers
from ingest.telemetry.prometheus.pull import gpu_metrics, pull
from ingest.telemetry.prometheus.pulled import DESCRIPTION, SUFFIX
from ingest.telemetry.prometheus.questions import Hours
from ingest.telemetry.prometheus.reading import read_answers
from ingest.telemetry.prometheus.settings import PrometheusSettings

SCOPE = "hours"  # what every delivery is a part of; its version is the end of its last hour
_AT_ONCE = timedelta(days=7)  # of a delivery: what a run has pulled stays, whatever becomes of the days after


def offers(settings: PrometheusSettings, window: HourWindow) -> Iterator[Offer]:
    """A delivery for every seven days of the window, and one for what is left."""
    start = window.start
    while start < window.end:
        end = min(start + _AT_ONCE, window.end)
        yield Offer(
            SCOPE,
            end.isoformat(),
            f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}",
            partial(_fetch, settings, start, end),
        )
        start = end


def _fetch(
    settings: PrometheusSettings, start: datetime, end: datetime, folder: Path, progress: Progress
) -> Sequence[Path]:
    """Pulls the hours; no files where there is no GPU in them."""
    hours = Hours(int(start.timestamp()), int(end.timestamp()))
    with prometheus(settings) as server:
        return pull(server, settings, hours, folder, progress)


def check(settings: PrometheusSettings) -> Iterator[Access]:
    """Whether the server answers, and has GPUs and Kubernetes' pods."""
    try:
        with prometheus(settings) as server:
            now = int(datetime.now(UTC).timestamp())
            version = server.version()
            names = gpu_metrics(server, settings, Hours(now - 3600, now))
    except TrueupError as error:
        yield Access(ok=False, message=str(error))
        return
    gpus = sorted(name for name in names if not name.startswith("kube_"))
    had = f"has {len(gpus)} metrics of GPUs" if gpus else "has no metric of dcgm-exporter"
    yield Access(ok=bool(gpus), message=f"Prometheus {version} answers and {had} in the last hour.")
    if gpus and "kube_pod_labels" not in names:
        yield Access(ok=True, message="It has no kube_pod_labels: teams will be told by namespace only.")


def read_hours(opening: TelemetryOpening) -> tuple[datetime, datetime]:
    """Makes `gpu_hours` of a pull. The window that it stands for begins with the first hour that was seen at all.

    What the server has forgotten since must not erase what was booked of it.
    """
    told = read_answers(opening)
    hours_of_answers(opening.backend)
    for warning in told.warnings:
        opening.note(f"{told.server} warns: {warning}")
    (first,) = opening.backend.raw_sql("SELECT min(hour_number) FROM pulled_hour").fetchone()
    start = told.start if first is None else max(told.start, int(first) * 3600)
    return datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(told.end, UTC)


def _no_samples(_opening: TelemetryOpening) -> Iterator[Path]:
    raise BadInput("A pull of a Prometheus holds hours, no samples.")


KIND = TelemetryKind(
    "prometheus",
    "Prometheus, Thanos, Mimir, VictoriaMetrics and managed ones: dcgm-exporter's metrics, summed up by hour",
    _no_samples,
    suffixes=(DESCRIPTION, SUFFIX),
    settings=PrometheusSettings,
    hours=read_hours,
    offers=offers,
    check=check,
)
