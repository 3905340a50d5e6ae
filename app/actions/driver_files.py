"""Taking in files of quantities that explain cost."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.actions.drivers import KIND
from app.actions.ingest import ingest_paths
from app.actions.sources import only_source
from app.db.tables.bills import Source
from app.domain.viewer import Viewer
from app.settings import Settings
from ingest.files import Progress
from ingest.pipeline import Outcome, no_progress


def import_drivers(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    paths: Sequence[Path],
    *,
    source_name: str | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Ingests files of quantities into a source, which is added when its name is new.

    Without a name the only source of quantities is meant, or one called `drivers` where there is none. Raises what
    `ingest_paths` raises.
    """
    with Session(bound) as session:
        any_source = session.scalars(select(Source.id).where(Source.kind == KIND).limit(1)).first()
        name = source_name or (only_source(session, KIND) if any_source else KIND)
    return ingest_paths(bound, viewer, config, paths, source_name=name, file_format=KIND, progress=progress)
