"""Running any source, of bills or of telemetry."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Engine

from app.actions.ingest import Run, can_run, run_source
from app.actions.sources import find_source
from app.actions.telemetry_runs import TelemetryRun, run_telemetry_source, runs_by_itself
from app.db.session import read_session
from app.domain.viewer import Viewer
from app.settings import Settings
from ingest.files import Progress
from ingest.kinds import kind
from ingest.pipeline import no_progress
from ingest.telemetry.kinds import TELEMETRY_KINDS, telemetry_kind


def run_any_source(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    name: str,
    *,
    month: date | None = None,
    progress: Progress = no_progress,
) -> Run | TelemetryRun:
    """Ingests what a configured source offers now: only of the `month`, if one is given. Raises what its run raises."""
    with read_session(bound) as session:
        of_telemetry = find_source(session, name).kind in TELEMETRY_KINDS
    run = run_telemetry_source if of_telemetry else run_source
    return run(bound, viewer, config, name, month=month, progress=progress)


def can_run_source(kind_name: str, config: Mapping[str, Any]) -> bool:
    """Whether a source of a kind, with these settings, can be run."""
    if kind_name in TELEMETRY_KINDS:
        found = telemetry_kind(kind_name)
        return runs_by_itself(found, found.settings.model_validate(config))
    return can_run(kind(kind_name), kind(kind_name).settings.model_validate(config))
