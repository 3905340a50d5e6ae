"""The one way in: a delivery is discovered, archived, checked, rolled up and made live, or refused with a reason."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from ibis.backends.duckdb import Backend
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.db.findings import replace_findings
from app.db.session import write_session
from app.db.tables.bills import Delivery, Load, LoadDelivery, Source
from app.errors import TrueupError
from app.settings import Settings
from ingest.archive import delivery_digest, keep, sweep
from ingest.attempt import check_twice, close_interrupted, name_files, on_record, only_one, scratch_folder
from ingest.bill import Bill, quantities_only, read_bill
from ingest.booking import BookedLoad, Terms, book
from ingest.detail import write_detail
from ingest.engine.duckdb import engine as duckdb_engine
from ingest.engine.duckdb import naming_the_damaged
from ingest.files import Progress, SourceFile, bill_files, digest
from ingest.finding import Finding
from ingest.focus.rules.report import rule_findings
from ingest.kind import Kind, Opening, SourceSettings
from ingest.kinds import kind
from ingest.offsite import offsite

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery."""

    source: str
    sha256: str
    unchanged: bool  # the same bytes are live already; nothing was done
    rows_in: int = 0
    rows_quarantined: int = 0
    format_version: str | None = None
    loads: tuple[BookedLoad, ...] = ()
    findings: tuple[Finding, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()  # (file, what it holds) of files without charges
    label: str | None = None  # what a remote source calls it


def no_progress(_stage: str, _done: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Snapshot:
    """What a remote source calls a delivery: of what it is a snapshot, and which one."""

    scope: str
    version: str


def ingest_files(
    bound: Engine,
    config: Settings,
    source_name: str,
    paths: Sequence[Path],
    *,
    snapshot: Snapshot | None = None,
    progress: Progress = no_progress,
    replace_accounts: bool = False,
    allow_overlap: bool = False,
    on_booked: Callable[[Session, Outcome], None] | None = None,
) -> Outcome:
    """Ingests files (or folders of them) into the source called `source_name`, which must exist, as its kind reads it.

    `on_booked` is called in the transaction that makes the delivery live, just before it commits.

    Re-running it with the same bytes changes nothing; changed bytes replace the billing periods they cover, or add to
    them where the source's deliveries do. Raises BadInput when the delivery cannot be used, and Conflict when another
    ingest of the source is running or the same cost is live in another source (unless `allow_overlap`); the live
    figures are then as before, and the attempt is on record.
    """
    with Session(bound) as session:
        source = session.scalars(select(Source).where(Source.name == source_name)).one()
        source_kind = kind(source.kind)
        told = source_kind.settings.model_validate(source.config)
    files = _chosen(bound, source_name, source_kind, bill_files(paths, source_kind.suffixes), snapshot)
    with bound.connect() as guard, only_one(guard, source_name):
        close_interrupted(bound, source_name)
        sweep(config.archive_dir, source_name)
        # On a full disk, the scratch folder must go before there may be room to put on record that it was full.
        with (
            on_record(bound, config, _delivery(bound, source_name, files, snapshot)) as delivery_id,
            scratch_folder(config, source_name) as scratch,
        ):
            digests = {file.name: digest(file, progress) for file in files}
            check_twice(digests)
            sha256 = delivery_digest(digests.values())
            if _is_live(bound, source_name, sha256, told):
                _forget(bound, delivery_id, snapshot)
                return Outcome(source_name, sha256, unchanged=True)
            name_files(bound, delivery_id, sha256, files, digests)
            terms = Terms(
                adds=told.adds,
                estimates=source_kind.estimates,
                replace_accounts=replace_accounts or told.billed_elsewhere,  # without charges there is no account
                allow_overlap=allow_overlap or told.allow_overlap,
                billed_elsewhere=told.billed_elsewhere,
            )
            attempt = _Attempt(source_name, source_kind, told, sha256, files, digests, delivery_id, scratch, terms)
            with duckdb_engine(config, scratch) as backend:
                with write_session(bound) as session:
                    bill, outcome = _load(session, backend, config, attempt, progress)
                    if on_booked:
                        on_booked(session, outcome)
                progress("live", len(outcome.loads))
                # Only now: what a bill breaks must not keep its figures waiting.
                found = _judge(bound, backend, bill, delivery_id)
                progress("rules", len(found))
                return replace(outcome, findings=found)


@dataclass(frozen=True)
class _Attempt:
    """A delivery on its way in."""

    source: str
    kind: Kind
    told: SourceSettings
    sha256: str
    files: Sequence[SourceFile]
    digests: Mapping[str, str]  # SHA-256 of each file, by name
    delivery_id: int
    scratch: Path
    terms: Terms


def _load(
    session: Session, backend: Backend, config: Settings, attempt: _Attempt, progress: Progress
) -> tuple[Bill, Outcome]:
    remote = offsite(config, progress)
    with naming_the_damaged(backend, {file.path: file.name for file in attempt.files if file.is_parquet}):
        opening = Opening(backend, attempt.files, attempt.scratch, progress, attempt.told)
        opened = attempt.kind.open(opening)
        bill = read_bill(backend, opened)
        if attempt.told.billed_elsewhere:
            bill = quantities_only(bill)
    progress("read", bill.rows_in)
    archived = keep(config.archive_dir, attempt.source, attempt.sha256, attempt.files, attempt.digests)
    remote.send_bill(archived, bill, attempt.digests)
    delivery = session.get_one(Delivery, attempt.delivery_id)
    key_map = attempt.scratch / "keys.parquet"
    booked = book(session, bill, delivery, progress, key_map=key_map, terms=attempt.terms)
    write_detail(bill, archived, key_map, attempt.digests, delivery.received_at)
    remote.send_detail(archived)
    return bill, _outcome(attempt, bill, booked)


def _judge(bound: Engine, backend: Backend, bill: Bill, delivery_id: int) -> tuple[Finding, ...]:
    """What the delivery breaks, put on record. It is booked already: a fault here must not say otherwise."""
    try:
        found = rule_findings(backend, bill.delivery)
    except duckdb.Error:
        log.exception("the rules of FOCUS could not be judged")
        return bill.delivery.notes
    with write_session(bound) as session:
        replace_findings(session, delivery_id, found)
    return found


def _outcome(attempt: _Attempt, bill: Bill, booked: Sequence[BookedLoad]) -> Outcome:
    return Outcome(
        source=attempt.source,
        sha256=attempt.sha256,
        unchanged=False,
        rows_in=bill.rows_in,
        rows_quarantined=bill.rows_quarantined,
        format_version=bill.delivery.version,
        loads=tuple(booked),
        set_aside=tuple((file.name, what) for file, what in bill.delivery.set_aside),
    )


def _delivery(bound: Engine, source_name: str, files: Sequence[SourceFile], snapshot: Snapshot | None) -> Delivery:
    with Session(bound) as session:
        source = session.scalars(select(Source).where(Source.name == source_name)).one()
        return Delivery(
            source_id=source.id,
            sha256="",
            format=source.kind,
            estimates=kind(source.kind).estimates,
            scope=snapshot.scope if snapshot else None,
            version=snapshot.version if snapshot else None,
            files=[{"name": file.name} for file in files],
        )


def _chosen(
    bound: Engine, source_name: str, source_kind: Kind, files: Sequence[SourceFile], snapshot: Snapshot | None
) -> Sequence[SourceFile]:
    """Those of `files` that count, for a kind whose folders hold more than one delivery of a month."""
    if source_kind.choose is None:
        return files
    try:
        return source_kind.choose(files)
    except TrueupError as error:
        record_refusal(bound, source_name, snapshot, str(error))
        raise


def record_refusal(bound: Engine, source_name: str, snapshot: Snapshot | None, message: str) -> None:
    """Puts a delivery on record that could not even be fetched or put together."""
    with write_session(bound) as session:
        source = session.scalars(select(Source).where(Source.name == source_name)).one()
        session.add(
            Delivery(
                source_id=source.id,
                sha256="",
                format=source.kind,
                scope=snapshot.scope if snapshot else None,
                version=snapshot.version if snapshot else None,
                state="refused",
                message=message,
                finished_at=now(),
            )
        )


def _is_live(bound: Engine, source_name: str, sha256: str, told: SourceSettings) -> bool:
    """Whether these very bytes are what is live: in every billing period they cover, or, where deliveries add, in any.

    A load that was added to holds the rows of all its deliveries, so one live load tells. Charges that are live, of a
    source that has been set to be billed elsewhere since, are no longer what these bytes stand for.
    """
    with Session(bound) as session:
        found = session.execute(
            select(Delivery.id, Load.state, Load.totals)
            .join(LoadDelivery, LoadDelivery.delivery_id == Delivery.id)
            .join(Load, Load.id == LoadDelivery.load_id)
            .join(Source, Source.id == Delivery.source_id)
            .where(Source.name == source_name, Delivery.sha256 == sha256, Delivery.state == "loaded")
        ).all()
    if told.billed_elsewhere and any(state == "live" and totals for _, state, totals in found):
        return False
    states = [(delivery, state) for delivery, state, _ in found]
    if told.adds:
        return any(state == "live" for _, state in states)
    newest = max((delivery for delivery, _ in states), default=None)
    return newest is not None and all(state == "live" for delivery, state in states if delivery == newest)


def _forget(bound: Engine, delivery_id: int, snapshot: Snapshot | None) -> None:
    """Removes the record of an attempt that turned out to be what is live already.

    A snapshot's name is kept with the delivery that is live, so that it need not be fetched again.
    """
    with write_session(bound) as session:
        attempt = session.get_one(Delivery, delivery_id)
        if snapshot:
            session.execute(
                update(Delivery)
                .where(
                    Delivery.source_id == attempt.source_id,
                    Delivery.scope == snapshot.scope,
                    Delivery.state == "loaded",
                )
                .values(version=snapshot.version)
            )
        session.delete(attempt)
