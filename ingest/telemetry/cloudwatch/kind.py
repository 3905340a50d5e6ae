"""CloudWatch: what its agent told of NVIDIA boards on EC2, pulled since the last run, a day at a time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from app.errors import TrueupError
from ingest.aws.session import connect
from ingest.files import Progress
from ingest.kind import Access, Offer
from ingest.telemetry.cloudwatch.boards import METRICS, Board, boards
from ingest.telemetry.cloudwatch.pull import HOURLY, Span, period_of, pull, values
from ingest.telemetry.cloudwatch.settings import CloudWatchSettings
from ingest.telemetry.kind import HourWindow, TelemetryKind, TelemetryOpening
from ingest.telemetry.samples.kind import read_samples

SCOPE = "hours"  # what every delivery is a part of; its version is the end of its last hour
# Boards that told nothing in the last three hours need no look where the run before went up to then; a run begins three
# hours before that.
_SINCE_LATELY = timedelta(hours=5)
_HOURLY_FILES = f"-{HOURLY}s.parquet"


def offers(settings: CloudWatchSettings, window: HourWindow) -> Iterator[Offer]:
    """A delivery for every day of the window; none where no board is listed. Raises what `boards` raises."""
    client = _client(settings)
    found = boards(client, settings.namespace, recent=window.end - window.start <= _SINCE_LATELY)
    write = partial(pull, client, settings.namespace, found)
    start = window.start
    while found and start < window.end:
        end = min(datetime.combine(start.date() + timedelta(days=1), time(), UTC), window.end)
        yield Offer(
            SCOPE,
            end.isoformat(),
            f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}",
            partial(_fetch, write, HourWindow(start, end)),
        )
        start = end


def _fetch(write: Callable[[Span, Path], int], hours: HourWindow, folder: Path, progress: Progress) -> Sequence[Path]:
    """Pulls the hours; no file where nothing was told in them."""
    span = Span(hours.start, hours.end, period_of(hours.start, datetime.now(UTC)))
    target = folder / f"cloudwatch-{hours.start:%Y-%m-%dT%H}-{span.period}s.parquet"
    if not write(span, target):
        return ()
    progress("download", target.stat().st_size)
    return (target,)


def _client(settings: CloudWatchSettings) -> Any:
    return connect(settings).client("cloudwatch")


def check(settings: CloudWatchSettings) -> Iterator[Access]:
    """Whether both permissions are there, and boards told of themselves in the last three hours."""
    where = f"CloudWatch in {settings.region}"
    try:
        client = _client(settings)
        found = boards(client, settings.namespace, recent=True)
        if not found:
            yield Access(ok=False, message=f"{where}: {_nothing(settings)}")
            return
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        values(client, settings.namespace, found[0].series, Span(now - timedelta(minutes=10), now, 60))
    except TrueupError as error:
        yield Access(ok=False, message=str(error))
        return
    machines = {board.hostname for board in found}
    yield Access(ok=True, message=f"{where} tells of {len(found)} boards of {len(machines)} machines.")
    yield from _missing(found)


def _nothing(settings: CloudWatchSettings) -> str:
    return (
        f"no board was told of in the namespace {settings.namespace} in the last three hours. Add `nvidia_gpu` to"
        " metrics_collected of the CloudWatch agent, or set --namespace and --region to what it writes to."
    )


def _missing(found: Sequence[Board]) -> Iterator[Access]:
    told = {series.metric for board in found for series in board.series}
    for metric in (each for each in METRICS if each not in told):
        yield Access(ok=True, message=f"It has no {metric}: {METRICS[metric]} will be unknown.")
    if any("InstanceId" not in series.dimensions for board in found for series in board.series):
        yield Access(
            ok=True,
            message="Some metrics have no InstanceId, so their nodes are hosts, which no bill names. Add InstanceId to"
            " append_dimensions of the agent.",
        )


def read_pulled(opening: TelemetryOpening) -> Iterator[Path]:
    """The samples of a pull. Tells of days of which CloudWatch has one value an hour only."""
    for file in opening.files:
        if file.name.endswith(_HOURLY_FILES):
            opening.note(
                f"{file.name}: CloudWatch keeps one value an hour of what is older than 63 days. It says nothing of a"
                " single minute, so most of these hours are unknown."
            )
    yield from read_samples(opening)


KIND = TelemetryKind(
    "cloudwatch",
    "Amazon CloudWatch: what its agent tells of NVIDIA boards on EC2, pulled minute by minute",
    read_pulled,
    suffixes=(".parquet",),
    settings=CloudWatchSettings,
    offers=offers,
    check=check,
)
