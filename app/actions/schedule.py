"""A scheduled run of a source, with a beginning and an end on record whatever happens."""

from sqlalchemy import Engine, update
from sqlalchemy.sql.functions import now

from app.actions.ingest import run_source
from app.actions.sources import find_source
from app.db.session import write_session
from app.db.tables import ScheduledRun
from app.domain.viewer import Viewer
from app.errors import TrueupError
from app.settings import Settings


def run_scheduled(bound: Engine, viewer: Viewer, config: Settings, name: str) -> str:
    """Runs the source and says in a line how it went; a failure is recorded, not raised, so the others still run."""
    with write_session(bound) as session:
        source = find_source(session, name)
        # The scheduler works alone, so a run that is still open was cut short by a crash.
        session.execute(
            update(ScheduledRun)
            .where(ScheduledRun.source_id == source.id, ScheduledRun.state == "running")
            .values(state="failed", message="interrupted", finished_at=now())
        )
        run = ScheduledRun(source_id=source.id)
        session.add(run)
        session.flush()
        run_id = run.id
    try:
        outcome = run_source(bound, viewer, config, name)
        state, message = "done", "nothing new" if outcome.unchanged else f"{outcome.rows_in} rows"
    except TrueupError as error:
        state, message = "failed", str(error)
    except Exception as error:  # noqa: BLE001  (one source's fault must not stop the others)
        state, message = "failed", repr(error)
    with write_session(bound) as session:
        session.execute(
            update(ScheduledRun)
            .where(ScheduledRun.id == run_id)
            .values(state=state, message=message, finished_at=now())
        )
    return f"{name}: {state}, {message}"
