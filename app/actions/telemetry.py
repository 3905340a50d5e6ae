"""Bringing GPU telemetry in: files at hand, what remote sources hand over, and samples that are posted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.actions.sources import keep_source, only_source
from app.archive.copies import file_sha256
from app.db.session import write_session
from app.db.tables.bills import Delivery, Source
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, Conflict
from app.settings import Settings
from ingest.archive import delivery_digest
from ingest.files import Progress, bill_files
from ingest.pipeline import Snapshot, no_progress
from ingest.telemetry.kinds import TELEMETRY_KINDS, telemetry_kind
from ingest.telemetry.pipeline import TelemetryOutcome, Telling, ingest_telemetry
from ingest.telemetry.posting import post_when_an_hour_begins
from ingest.telemetry.sample_writer import write_samples

POSTED = "samples"  # the kind of a source that samples are posted to
MOST_SAMPLES = 10_000  # in one post
_FILE = "posted.parquet"


def ingest_telemetry_paths(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    paths: Sequence[Path],
    *,
    source_name: str | None,
    file_format: str | None = None,
    settings: Mapping[str, Any] | None = None,
    observed_at: datetime | None = None,
    snapshot: Snapshot | None = None,
    progress: Progress = no_progress,
) -> TelemetryOutcome:
    """Ingests telemetry files into a source, which is added, with `settings`, when its name is new.

    Without a name, the only source of that format is meant. `observed_at` is when pages without a time were seen; else
    it is when their file was written. Raises what `ingest.telemetry.pipeline.ingest_telemetry` raises.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    with write_session(bound) as session:
        name = source_name or only_source(session, file_format or POSTED)
        known = _known(session, name)
        format_name = known.kind if known else file_format or POSTED
        if format_name not in TELEMETRY_KINDS:
            raise BadInput(f"The source {name} reads {format_name} files, which are bills. Use another name for these.")
        if file_format not in {None, format_name}:
            raise BadInput(
                f"The source {name} reads {format_name} files, not {file_format}. Use another name for these."
            )
        if known and settings:
            raise BadInput(f"The source {name} has its settings already. Change them with `trueup sources set {name}`.")
        bill_files(paths, telemetry_kind(format_name).suffixes)  # a mistyped path must not add a source
        if not known:
            keep_source(session, viewer, kind=format_name, name=name, config=dict(settings or {}))
    telling = Telling(observed_at, snapshot, progress=progress)
    return _ingest(bound, viewer, config, name, paths, telling)


def post_samples(
    bound: Engine,
    viewer: Viewer,
    config: Settings,
    source_name: str,
    samples: Sequence[Mapping[str, object]],
    *,
    key: str | None = None,
) -> TelemetryOutcome:
    """Takes in samples (mappings of SAMPLE_COLUMNS) that were posted to a source, which is added when its name is new.

    The same samples again change nothing. Under a `key`, a post counts once; other samples under it raise Conflict.
    Waste is worked out anew when samples of another hour come, not with each post.
    """
    viewer.require_everything(Scope.WRITE_TELEMETRY)
    with write_session(bound) as session:
        known = _known(session, source_name)
        if known and known.kind != POSTED:
            raise BadInput(f"The source {source_name} reads {known.kind}. Post samples under another name.")
        earlier = _posted_under(session, known, key)
        if not known:
            keep_source(session, viewer, kind=POSTED, name=source_name, config={})
    config.temp_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=config.temp_dir, prefix="posted-") as folder:
        file = Path(folder) / _FILE
        write_samples(samples, file)
        if earlier is not None:
            return _already(source_name, key, earlier, file)
        telling = Telling(snapshot=Snapshot("post", key) if key else None, post=post_when_an_hour_begins)
        return _ingest(bound, viewer, config, source_name, [file], telling)


def _ingest(  # noqa: PLR0917  (what an ingest is asked with, in order)
    bound: Engine, viewer: Viewer, config: Settings, name: str, paths: Sequence[Path], telling: Telling
) -> TelemetryOutcome:
    def audit(session: Session, outcome: TelemetryOutcome) -> None:
        told = {"rows": outcome.rows_in, "refused": outcome.refused, "gpu_hours": outcome.hours.facts}
        record(session, viewer, "ingest.telemetry", name, sha256=outcome.sha256, **told)

    return ingest_telemetry(bound, config, name, paths, replace(telling, on_booked=audit))


def _known(session: Session, name: str) -> Source | None:
    return session.scalars(select(Source).where(Source.name == name)).first()


def _posted_under(session: Session, source: Source | None, key: str | None) -> str | None:
    """The SHA-256 of what was posted to a source under `key`."""
    if source is None or key is None:
        return None
    posted = (Delivery.source_id == source.id, Delivery.scope == "post", Delivery.version == key)
    return session.scalars(select(Delivery.sha256).where(*posted, Delivery.state == "loaded")).first()


def _already(source_name: str, key: str | None, sha256: str, file: Path) -> TelemetryOutcome:
    """What becomes of a post under a key that was used before."""
    if delivery_digest([file_sha256(file)]) != sha256:
        raise Conflict(f"Other samples were posted to {source_name} under the key {key}. Give each post its own key.")
    return TelemetryOutcome(source_name, sha256, unchanged=True)
