"""Running a source of telemetry: what a server says of the hours since the last run, or exporters say now."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.actions.ingest import download_folder
from app.actions.sources import find_source
from app.db.session import read_session
from app.db.tables.bills import Delivery
from app.domain.period import next_month
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, TrueupError, Unavailable
from app.settings import Settings
from ingest.disk import naming_the_full_disk
from ingest.files import Progress
from ingest.kind import Offer
from ingest.pipeline import Snapshot, no_progress, record_refusal
from ingest.telemetry.booking import BookedHours
from ingest.telemetry.kind import Clock, HourWindow, TelemetryKind, TelemetrySettings
from ingest.telemetry.kinds import telemetry_kind
from ingest.telemetry.pipeline import TelemetryOutcome, Telling, ingest_telemetry
from ingest.telemetry.posting import post_telemetry, post_when_an_hour_begins

Post = Callable[[Session, BookedHours], None]
FIRST_DAYS = 31  # how far back a source is asked the first time, unless it is told since when
AGAIN = timedelta(hours=3)  # asked about once more: samples that came late, an hour that a server lost meanwhile
SETTLED = timedelta(minutes=2)  # after an hour's end, its last samples are there


@dataclass(frozen=True)
class TelemetryRun:
    """What became of everything that a source had to say."""

    outcomes: tuple[TelemetryOutcome, ...]
    failures: tuple[TrueupError, ...]

    @property
    def worth_a_retry(self) -> bool:
        """Whether what failed may work later without anybody doing anything."""
        return any(isinstance(failure, Unavailable) for failure in self.failures)


@dataclass(frozen=True)
class _Runner:
    """Who runs which source, where."""

    bound: Engine
    viewer: Viewer
    config: Settings
    name: str
    progress: Progress

    def ingest(self, paths: Sequence[Path], snapshot: Snapshot | None, post: Post) -> TelemetryOutcome:
        def audit(session: Session, outcome: TelemetryOutcome) -> None:
            told = {"rows": outcome.rows_in, "refused": outcome.refused, "facts": outcome.hours.facts}
            record(session, self.viewer, "ingest.telemetry", self.name, sha256=outcome.sha256, **told)

        telling = Telling(snapshot=snapshot, post=post, progress=self.progress, on_booked=audit)
        return ingest_telemetry(self.bound, self.config, self.name, paths, telling)

    def take(self, offer: Offer) -> TelemetryOutcome | None:
        """Fetches what is offered and ingests it; None where there is nothing in it."""
        snapshot = Snapshot(offer.scope, offer.version)
        with download_folder(self.config, self.name) as folder:
            try:
                with naming_the_full_disk(self.config):
                    paths = offer.fetch(folder, self.progress)
            except TrueupError as error:
                record_refusal(self.bound, self.name, snapshot, f"{offer.label}: {error}")
                raise
            return self.ingest(paths, snapshot, post_telemetry) if paths else None

    def scrape(self, kind: TelemetryKind, told: TelemetrySettings, clock: Clock) -> TelemetryRun:
        """Asks what the settings point at once."""
        assert kind.fetch is not None
        with download_folder(self.config, self.name) as folder:
            fetched = kind.fetch(told, folder, self.progress, clock)
            outcome = self.ingest(fetched.paths, None, post_when_an_hour_begins)
        return TelemetryRun((outcome,), tuple(Unavailable(failure) for failure in fetched.failures))


def _utc_now() -> datetime:
    return datetime.now(UTC)


def run_telemetry_source(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    name: str,
    *,
    month: date | None = None,
    progress: Progress = no_progress,
    clock: Clock = _utc_now,
) -> TelemetryRun:
    """Ingests what a source of telemetry says: of a server's hours since the last run, or of the `month`.

    The last three hours are asked about again. A run that fails half-way keeps what it had taken, and the next goes on
    from there. Raises BadInput for a source that is only fed by hand.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    with read_session(bound) as session:
        source = find_source(session, name)
        kind = telemetry_kind(source.kind)
        told = kind.settings.model_validate(source.config)
        source_id = source.id
    if not runs_by_itself(kind, told):
        raise BadInput(
            f"'{name}' is fed by hand: `trueup ingest telemetry PATH --source {name}`. To have it asked, say where"
            f" (`trueup sources kinds {kind.name}`)."
        )
    runner = _Runner(bound, viewer, config, name, progress)
    try:
        if kind.offers is None:
            return runner.scrape(kind, told, clock)
        with read_session(bound) as session:
            known_until = _known_until(session, source_id)
        window = _window(told, known_until, month, clock())
        return _take_all(runner, kind.offers(told, window))
    except TrueupError as error:
        return TelemetryRun((), (error,))


def runs_by_itself(kind: TelemetryKind, told: TelemetrySettings) -> bool:
    """Whether a source can be run: it is told where to ask."""
    return (kind.offers is not None or kind.fetch is not None) and told.points_somewhere


def _take_all(runner: _Runner, offers: Iterator[Offer]) -> TelemetryRun:
    """Takes what is offered, in order, up to what cannot be had or used."""
    outcomes: list[TelemetryOutcome] = []
    failures: list[TrueupError] = []
    for offer in offers:
        try:
            outcome = runner.take(offer)
        except TrueupError as error:
            failures.append(error)
            break  # later hours would move the mark past those that are missing
        if outcome:
            outcomes.append(replace(outcome, label=offer.label))
    return TelemetryRun(tuple(outcomes), tuple(failures))


def _known_until(session: Session, source_id: int) -> datetime | None:
    """The end of the last hour that was ever taken from a server."""
    newest = session.scalar(
        select(func.max(Delivery.version)).where(
            Delivery.source_id == source_id, Delivery.state == "loaded", Delivery.version.is_not(None)
        )
    )
    return datetime.fromisoformat(newest) if newest else None


def _window(told: TelemetrySettings, known_until: datetime | None, month: date | None, now: datetime) -> HourWindow:
    """The whole hours to ask about."""
    end = _hour(now - SETTLED)
    if month:
        return HourWindow(_midnight(month), min(_midnight(next_month(month)), end))
    since = told.since
    first = _midnight(since) if since else _midnight((now - timedelta(days=FIRST_DAYS)).date())
    return HourWindow(first if known_until is None else known_until - AGAIN, end)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
