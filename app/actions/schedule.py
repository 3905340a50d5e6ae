"""Scheduled runs of sources: each has a beginning and an end on record, whatever happens, and says when the next is."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from app.actions.ingest import Run
from app.actions.source_runs import can_run_source, run_any_source
from app.actions.sources import find_source
from app.actions.telemetry_runs import TelemetryRun
from app.db.queries.source import failures_in_a_row, scheduled_sources
from app.db.session import read_session, write_session
from app.db.tables.bills import ScheduledRun, Source
from app.domain.viewer import Viewer
from app.errors import TrueupError
from app.settings import Settings
from ingest.source_kinds import source_kind

FIRST_RETRY = timedelta(minutes=1)


def runnable_sources(session: Session) -> list[str]:
    """The names of the sources that can be run: with a folder of their own, or fetched from elsewhere."""
    return [name for name, kind, config, _ in scheduled_sources(session) if can_run_source(kind, config)]


def due_sources(session: Session, now: datetime) -> list[str]:
    """The names of the sources whose next run is due, longest due first."""
    return [
        name
        for name, kind, config, next_run_at in scheduled_sources(session)
        if can_run_source(kind, config) and (next_run_at is None or next_run_at <= now)
    ]


def run_scheduled(bound: Engine, viewer: Viewer, config: Settings, name: str) -> str:
    """Runs the source and says in a line how it went; a failure is recorded, not raised, so the others still run."""
    run_id = _begin(bound, name)
    worth_a_retry = False
    try:
        run = run_any_source(bound, viewer, config, name)
        state, message = ("failed", "; ".join(map(str, run.failures))) if run.failures else ("done", _done(run))
        worth_a_retry = run.worth_a_retry
    except TrueupError as error:
        state, message = "failed", str(error)
    except Exception as error:  # noqa: BLE001  (one source's fault must not stop the others)
        state, message = "failed", repr(error)
    _end(bound, config, name, run_id=run_id, state=state, message=message, worth_a_retry=worth_a_retry)
    return f"{name}: {state}, {message}"


def _done(run: Run | TelemetryRun) -> str:
    taken = [outcome for outcome in run.outcomes if not outcome.unchanged]
    return f"{sum(outcome.rows_in for outcome in taken)} rows" if taken else "nothing new"


def _begin(bound: Engine, name: str) -> int:
    with write_session(bound) as session:
        source = find_source(session, name)
        # The scheduler works alone, so a run that is still open was cut short by a crash.
        session.execute(
            update(ScheduledRun)
            .where(ScheduledRun.source_id == source.id, ScheduledRun.state == "running")
            .values(state="failed", message="interrupted", finished_at=datetime.now(UTC))
        )
        run = ScheduledRun(source_id=source.id)
        session.add(run)
        session.flush()
        return run.id


def _end(
    bound: Engine, config: Settings, name: str, *, run_id: int, state: str, message: str, worth_a_retry: bool
) -> None:
    with read_session(bound) as session:
        source = find_source(session, name)
        cadence = _cadence(source, config)
        wait = min(FIRST_RETRY * 2 ** failures_in_a_row(session, source.id), cadence) if worth_a_retry else cadence
    now = datetime.now(UTC)
    with write_session(bound) as session:
        session.execute(
            update(ScheduledRun)
            .where(ScheduledRun.id == run_id)
            .values(state=state, message=message, finished_at=now, next_run_at=now + wait)
        )


def _cadence(source: Source, config: Settings) -> timedelta:
    """How often a source is run: as it was told, as whoever runs Trueup said, or as its kind needs."""
    minutes = (
        source.config.get("cadence_minutes") or config.schedule_minutes or source_kind(source.kind).cadence_minutes
    )
    return timedelta(minutes=minutes)
