"""Bringing bills in."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.actions.sources import add_source, find_source, only_source
from app.db.session import write_session
from app.db.tables import Source
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput
from app.settings import Settings
from ingest.files import Progress, bill_files
from ingest.pipeline import Outcome, ingest_files, no_progress

FORMATS = ("focus",)


def ingest_paths(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    paths: Sequence[Path],
    *,
    source_name: str | None,
    file_format: str = "focus",
    replace_accounts: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Ingests files into a source, which is added when its name is new.

    Without a name, the only source of that format is meant. Raises what `ingest.pipeline.ingest_files` raises.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    if file_format not in FORMATS:
        raise BadInput(f"There is no format called '{file_format}'. Choose from {', '.join(FORMATS)}.")
    bill_files(paths)  # a mistyped path must not add a source
    with write_session(bound) as session:
        name = source_name or only_source(session, file_format)
        if not session.scalars(select(Source.id).where(Source.name == name)).first():
            add_source(session, viewer, kind=file_format, name=name, config={})

    def audit(session: Session, outcome: Outcome) -> None:
        periods = [f"{load.period:%Y-%m}" for load in outcome.loads]
        rows = {"rows": outcome.rows_in, "quarantined": outcome.rows_quarantined}
        record(session, viewer, "ingest", name, sha256=outcome.sha256, periods=periods, **rows)

    return ingest_files(
        bound, config, name, paths, progress=progress, replace_accounts=replace_accounts, on_booked=audit
    )


def run_source(
    bound: Engine, viewer: Viewer, config: Settings, name: str, *, progress: Progress = no_progress
) -> Outcome:
    """Ingests what a configured source offers now. Raises BadInput for a source that is only fed by hand."""
    with write_session(bound) as session:
        source = find_source(session, name)
        path = source.config.get("path")
    if not path:
        raise BadInput(f"'{name}' has no folder of its own. Feed it with `trueup ingest file PATH --source {name}`.")
    return ingest_paths(bound, viewer, config, [Path(path)], source_name=name, progress=progress)
