"""The one way in for telemetry: a delivery is archived, read, summed up by hour and booked, or refused with a reason.

Everything that it books is one transaction: whatever crashes, what was known before stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ibis.backends.duckdb import Backend
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.db.load_gpu import count_facts
from app.db.session import write_session
from app.db.tables.bills import Delivery, QuarantinedRow, Source
from app.errors import BadInput
from app.settings import Settings
from ingest.archive import Archived, delivery_digest, keep, sweep
from ingest.attempt import check_twice, close_interrupted, name_files, on_record, only_one, scratch_folder
from ingest.engine.duckdb import engine as duckdb_engine
from ingest.engine.duckdb import naming_the_damaged
from ingest.files import Progress, SourceFile, bill_files, digest
from ingest.offsite import offsite
from ingest.pipeline import Snapshot, no_progress
from ingest.telemetry.booking import BookedHours, book_hours
from ingest.telemetry.hours import hours_of_samples
from ingest.telemetry.job_booking import BookedJobs, book_jobs
from ingest.telemetry.kept_samples import keep_samples, kept_samples
from ingest.telemetry.kind import Refusal, TelemetryKind, TelemetryOpening
from ingest.telemetry.kinds import telemetry_kind
from ingest.telemetry.late import Earlier, add_earlier
from ingest.telemetry.posting import Posting, post_jobs, post_telemetry
from ingest.telemetry.sample_files import sample_file

NO_HOURS, NO_JOBS = BookedHours(), BookedJobs()


@dataclass(frozen=True)
class TelemetryOutcome:
    """What became of a delivery of telemetry."""

    source: str
    sha256: str
    unchanged: bool = False  # the same bytes are booked already; nothing was done
    rows_in: int = 0  # samples, or jobs and nodes
    refused: int = 0  # what could not be read, rows or cells
    refusals: tuple[Refusal, ...] = ()  # the first of them
    notes: tuple[str, ...] = ()
    hours: BookedHours = NO_HOURS
    jobs: BookedJobs = NO_JOBS
    label: str | None = None  # what a remote source calls it


@dataclass(frozen=True)
class Telling:
    """How a delivery is read and booked, beside its bytes."""

    observed_at: datetime | None = None  # when what has no time of its own was seen
    snapshot: Snapshot | None = None
    post: Posting = post_telemetry  # what is done with the hours once they are booked
    progress: Progress = no_progress
    on_booked: Callable[[Session, TelemetryOutcome], None] | None = None  # in the transaction, before it commits


@dataclass(frozen=True)
class _Attempt:
    """A delivery on its way in."""

    source_id: int
    source: str
    kind: TelemetryKind
    sha256: str
    digests: Mapping[str, str]
    delivery_id: int
    opening: TelemetryOpening
    telling: Telling
    archived: Archived


def ingest_telemetry(
    bound: Engine, config: Settings, source_name: str, paths: Sequence[Path], telling: Telling | None = None
) -> TelemetryOutcome:
    """Ingests files (or folders of them) of the telemetry source `source_name`, which must exist, as its kind reads it.

    The same bytes again change nothing. What a source says again of an hour and board takes the place of what it said;
    minutes that only an earlier delivery tells stay. Raises BadInput when nothing can be read, and Conflict while
    another ingest of the source runs; what was known is then as before, and the attempt is on record.
    """
    telling = telling or Telling()
    with Session(bound) as session:
        source = session.scalars(select(Source).where(Source.name == source_name)).one()
    kind = telemetry_kind(source.kind)
    files = bill_files(paths, kind.suffixes)
    with bound.connect() as guard, only_one(guard, source_name):
        close_interrupted(bound, source_name)
        sweep(config.archive_dir, source_name)
        with (
            on_record(bound, config, _delivery(source, files, telling.snapshot)) as delivery_id,
            scratch_folder(config, source_name) as scratch,
        ):
            digests = {file.name: digest(file, telling.progress) for file in files}
            check_twice(digests)
            sha256 = delivery_digest(digests.values())
            if _is_booked(bound, source, sha256):
                _forget(bound, delivery_id)
                return TelemetryOutcome(source_name, sha256, unchanged=True)
            name_files(bound, delivery_id, sha256, files, digests)
            archived = keep(config.archive_dir, source_name, sha256, files, digests)
            offsite(config, telling.progress).send_files(archived, digests)
            with duckdb_engine(config, scratch) as backend:
                told = kind.settings.model_validate(source.config)
                opening = TelemetryOpening(backend, files, scratch, telling.progress, telling.observed_at, told)
                attempt = _Attempt(
                    source.id, source_name, kind, sha256, digests, delivery_id, opening, telling, archived
                )
                with write_session(bound) as session:
                    return _book(session, config, backend, attempt)


def _delivery(source: Source, files: Sequence[SourceFile], snapshot: Snapshot | None) -> Delivery:
    return Delivery(
        source_id=source.id,
        sha256="",
        format=source.kind,
        scope=snapshot.scope if snapshot else None,
        version=snapshot.version if snapshot else None,
        files=[{"name": file.name} for file in files],
    )


def _book(session: Session, config: Settings, backend: Backend, attempt: _Attempt) -> TelemetryOutcome:
    parquet_files = {file.path: file.name for file in attempt.opening.files if file.is_parquet}
    with naming_the_damaged(backend, parquet_files):
        outcome = _booked(session, config, backend, attempt)
    attempt.telling.post(session, outcome.hours)
    attempt.opening.progress("post", 1)
    if outcome.jobs.jobs or outcome.jobs.nodes:
        post_jobs(session, outcome.jobs)
        attempt.opening.progress("post", 1)
    _record(session, attempt, outcome)
    if attempt.telling.on_booked:
        attempt.telling.on_booked(session, outcome)
    return outcome


def _booked(session: Session, config: Settings, backend: Backend, attempt: _Attempt) -> TelemetryOutcome:
    opening, kind = attempt.opening, attempt.kind
    if kind.jobs:
        jobs = book_jobs(session, attempt.source_id, attempt.delivery_id, kind.jobs(opening))
        return _outcome(attempt, rows_in=jobs.jobs + jobs.nodes, jobs=jobs)
    if kind.hours:
        covers = kind.hours(opening)
        hours = book_hours(session, attempt.source_id, attempt.delivery_id, backend, covers=covers)
        return _outcome(attempt, rows_in=hours.samples, hours=hours)
    samples = list(kind.read(opening))
    rows = sum(sample_file(path).rows for path in samples)
    hours_of_samples(backend, samples)
    opening.progress("read", rows)

    def earlier(delivery_id: int, sha256: str) -> Sequence[Path] | None:
        return kept_samples(config, attempt.source, sha256, delivery_id)

    carried = add_earlier(session, backend, samples, Earlier(attempt.source_id, earlier, opening.scratch))
    kept = [*samples, carried] if carried else samples
    written = keep_samples(attempt.archived, attempt.delivery_id, kept, opening.files, attempt.digests)
    offsite(config, opening.progress).send_each(written)
    hours = book_hours(session, attempt.source_id, attempt.delivery_id, backend)
    opening.progress("copy", hours.facts)
    return _outcome(attempt, rows_in=rows, hours=hours)


def _outcome(
    attempt: _Attempt, *, rows_in: int, hours: BookedHours | None = None, jobs: BookedJobs | None = None
) -> TelemetryOutcome:
    """What became of it. Raises BadInput when files were handed over and nothing could be read."""
    refusals, covers_hours = attempt.opening.refusals, attempt.kind.hours is not None
    if not rows_in and not covers_hours:
        why = f" The first: {refusals.first[0]}." if refusals.first else ""
        raise BadInput(
            f"Nothing in {attempt.opening.files[0].name} could be read as {attempt.kind.name} telemetry.{why}"
        )
    return TelemetryOutcome(
        source=attempt.source,
        sha256=attempt.sha256,
        rows_in=rows_in,
        refused=refusals.count,
        refusals=tuple(refusals.first),
        notes=tuple(attempt.opening.notes),
        hours=hours or NO_HOURS,
        jobs=jobs or NO_JOBS,
    )


def _record(session: Session, attempt: _Attempt, outcome: TelemetryOutcome) -> None:
    hours = outcome.hours
    booked = {
        "facts": hours.facts,
        "first_hour": hours.first_hour.isoformat() if hours.first_hour else None,
        "last_hour": hours.last_hour.isoformat() if hours.last_hour else None,
    }
    session.execute(
        update(Delivery)
        .where(Delivery.id == attempt.delivery_id)
        .values(
            state="loaded",
            format_version=attempt.kind.name,
            rows_in=outcome.rows_in + outcome.refused,
            rows_quarantined=outcome.refused,
            control_totals=[booked],
            finished_at=now(),
            message="; ".join(outcome.notes) or None,
        )
    )
    if outcome.refusals:
        session.execute(
            insert(QuarantinedRow),
            [
                {"delivery_id": attempt.delivery_id, "file": each.file, "row_number": each.row, "column_name": "",
                 "reason": each.reason}
                for each in outcome.refusals
            ],
        )  # fmt: skip


def _is_booked(bound: Engine, source: Source, sha256: str) -> bool:
    """Whether what these bytes tell is what is known: no other delivery has taken the place of any of it."""
    with Session(bound) as session:
        loaded = (Delivery.source_id == source.id, Delivery.state == "loaded", Delivery.format == source.kind)
        newest = session.scalars(select(Delivery).where(*loaded).order_by(Delivery.id.desc()).limit(1)).first()
        same = select(Delivery).where(*loaded, Delivery.sha256 == sha256).order_by(Delivery.id.desc()).limit(1)
        delivery = session.scalars(same).first()
        if delivery is None or newest is None:
            return False
        booked = delivery.control_totals[0]
        if not booked["facts"]:  # jobs, of which a later delivery may have told otherwise
            return delivery.id == newest.id
        span = (datetime.fromisoformat(booked[name]) for name in ("first_hour", "last_hour"))
        return count_facts(session, delivery.id, *span) == int(booked["facts"])


def _forget(bound: Engine, delivery_id: int) -> None:
    """Removes the record of an attempt that turned out to be booked already."""
    with write_session(bound) as session:
        session.delete(session.get_one(Delivery, delivery_id))
