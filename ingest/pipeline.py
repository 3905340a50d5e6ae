"""The one way in: a delivery is discovered, archived, checked, rolled up and made live, or refused with a reason."""

import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.db.session import write_session
from app.db.tables import Delivery, Load, Source
from app.errors import BadInput, Conflict, TrueupError
from app.settings import Settings
from ingest.archive import delivery_digest, keep, sweep
from ingest.bill import Bill, read_bill
from ingest.booking import BookedLoad, book
from ingest.detail import write_detail
from ingest.engine.duckdb import engine as duckdb_engine
from ingest.engine.duckdb import naming_the_damaged
from ingest.files import Progress, SourceFile, bill_files, digest
from ingest.focus.checks import Finding
from ingest.focus.delivery import open_delivery


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery."""

    source: str
    sha256: str
    unchanged: bool  # the same bytes are live already; nothing was done
    rows_in: int = 0
    rows_quarantined: int = 0
    focus_version: str | None = None
    loads: tuple[BookedLoad, ...] = ()
    findings: tuple[Finding, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()  # (file, FOCUS dataset) of files without charges
    also_live_in: tuple[str, ...] = ()  # other sources with the same bytes, so that their cost counts twice


def no_progress(_stage: str, _done: int) -> None:
    """Tells nobody."""


def ingest_files(
    bound: Engine,
    config: Settings,
    source_name: str,
    paths: Sequence[Path],
    *,
    progress: Progress = no_progress,
    replace_accounts: bool = False,
    on_booked: Callable[[Session, Outcome], None] | None = None,
) -> Outcome:
    """Ingests FOCUS files (or folders of them) into the source called `source_name`, which must exist.

    `on_booked` is called in the transaction that makes the delivery live, just before it commits.

    Re-running it with the same bytes changes nothing; changed bytes replace the billing periods they cover. Raises
    BadInput when the delivery cannot be used and Conflict when another ingest of the source is running; the live
    figures are then as before, and the attempt is on record.
    """
    files = bill_files(paths)
    config.temp_dir.mkdir(parents=True, exist_ok=True)
    with bound.connect() as guard, _only_one(guard, source_name), _scratch(config, source_name) as scratch:
        _close_interrupted(bound, source_name)
        sweep(config.archive_dir, source_name)
        with _on_record(bound, source_name, files) as delivery_id:
            digests = {file.name: digest(file, progress) for file in files}
            _check_twice(digests)
            sha256 = delivery_digest(digests.values())
            if _is_live(bound, source_name, sha256):
                _forget(bound, delivery_id)
                return Outcome(source_name, sha256, unchanged=True)
            _name_files(bound, delivery_id, sha256, files, digests)
            attempt = _Attempt(
                source_name, sha256, files, digests, delivery_id, scratch, replace_accounts=replace_accounts
            )
            with write_session(bound) as session:
                outcome = _load(session, config, attempt, progress)
                if on_booked:
                    on_booked(session, outcome)
            return replace(outcome, also_live_in=_also_live(bound, source_name, sha256))


def _check_twice(digests: Mapping[str, str]) -> None:
    """Raises BadInput when two files of a delivery are the same, byte for byte: their cost would count twice."""
    names: dict[str, str] = {}
    for name, sha256 in digests.items():
        if sha256 in names:
            raise BadInput(f"{names[sha256]} and {name} are the same file. Take one of them away and run this again.")
        names[sha256] = name


def _also_live(bound: Engine, source_name: str, sha256: str) -> tuple[str, ...]:
    """The other sources in which the same bytes are live."""
    with Session(bound) as session:
        names = session.scalars(
            select(Source.name)
            .join(Delivery, Delivery.source_id == Source.id)
            .join(Load, Load.delivery_id == Delivery.id)
            .where(Source.name != source_name, Delivery.sha256 == sha256, Load.state == "live")
            .distinct()
        )
        return tuple(sorted(names))


@dataclass(frozen=True)
class _Attempt:
    """A delivery on its way in."""

    source: str
    sha256: str
    files: Sequence[SourceFile]
    digests: Mapping[str, str]  # SHA-256 of each file, by name
    delivery_id: int
    scratch: Path
    replace_accounts: bool


def _load(session: Session, config: Settings, attempt: _Attempt, progress: Progress) -> Outcome:
    with duckdb_engine(config, attempt.scratch) as backend:
        source = session.scalars(select(Source).where(Source.name == attempt.source)).one()
        extras = tuple(source.config.get("key_extras", ()))
        with naming_the_damaged(backend, {file.path: file.name for file in attempt.files if file.is_parquet}):
            opened = open_delivery(backend, attempt.files, attempt.scratch, progress, key_extras=extras)
            bill = read_bill(backend, opened)
        progress("read", bill.rows_in)
        archived = keep(config.archive_dir, attempt.source, attempt.sha256, attempt.files, attempt.digests)
        delivery = session.get_one(Delivery, attempt.delivery_id)
        key_map = attempt.scratch / "keys.parquet"
        booked = book(session, bill, delivery, progress, key_map=key_map, replace_accounts=attempt.replace_accounts)
        write_detail(bill, archived, key_map, attempt.digests)
    return _outcome(attempt, bill, booked)


def _outcome(attempt: _Attempt, bill: Bill, booked: Sequence[BookedLoad]) -> Outcome:
    return Outcome(
        source=attempt.source,
        sha256=attempt.sha256,
        unchanged=False,
        rows_in=bill.rows_in,
        rows_quarantined=bill.rows_quarantined,
        focus_version=bill.delivery.version,
        loads=tuple(booked),
        findings=bill.findings,
        set_aside=tuple((file.name, dataset.value) for file, dataset in bill.delivery.set_aside),
    )


@contextmanager
def _only_one(connection: Connection, source_name: str) -> Iterator[None]:
    """Holds the source for this process; a second ingest of it is turned away at once."""
    key = {"key": zlib.crc32(source_name.encode()) - (1 << 31)}  # a signed 32-bit integer
    if not connection.scalar(text("SELECT pg_try_advisory_lock(5872, :key)"), key):
        raise Conflict(f"Another ingest of '{source_name}' is running. Wait until it is done, then run this again.")
    connection.commit()  # the lock belongs to the connection; an open transaction would only hold vacuum back
    try:
        yield
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(5872, :key)"), key)  # the pool keeps the connection
        connection.commit()


@contextmanager
def _scratch(config: Settings, source_name: str) -> Iterator[Path]:
    """An empty folder, rid of what a crash may have left in it. Call it only while holding the source."""
    folder = config.temp_dir / f"ingest-{source_name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _on_record(bound: Engine, source_name: str, files: Sequence[SourceFile]) -> Iterator[int]:
    """A delivery row that is there from the start and ends as loaded or refused, whatever happens."""
    with write_session(bound) as session:
        source = session.scalars(select(Source).where(Source.name == source_name)).one()
        delivery = Delivery(
            source_id=source.id, sha256="", format="focus", files=[{"name": file.name} for file in files]
        )
        session.add(delivery)
        session.flush()
        delivery_id = delivery.id
    try:
        yield delivery_id
    except BaseException as error:
        message = str(error) if isinstance(error, TrueupError) else f"failed: {error!r}"
        _finish(bound, delivery_id, "refused", message)
        raise


def _finish(bound: Engine, delivery_id: int, state: str, message: str) -> None:
    with write_session(bound) as session:
        session.execute(
            update(Delivery)
            # What has been booked stays booked, whatever happens on the way out.
            .where(Delivery.id == delivery_id, Delivery.state == "received")
            .values(state=state, message=message, finished_at=now())
        )


def _close_interrupted(bound: Engine, source_name: str) -> None:
    """Gives every attempt that a crash cut short its end. Call it only while holding the source."""
    with write_session(bound) as session:
        source_id = select(Source.id).where(Source.name == source_name).scalar_subquery()
        session.execute(
            update(Delivery)
            .where(Delivery.source_id == source_id, Delivery.state == "received")
            .values(state="refused", message="interrupted; nothing was booked. Run it again.", finished_at=now())
        )


def _is_live(bound: Engine, source_name: str, sha256: str) -> bool:
    """Whether these very bytes are what is live, in every billing period they cover."""
    with Session(bound) as session:
        states = session.execute(
            select(Delivery.id, Load.state)
            .join(Load, Load.delivery_id == Delivery.id)
            .join(Source, Source.id == Delivery.source_id)
            .where(Source.name == source_name, Delivery.sha256 == sha256, Delivery.state == "loaded")
        ).all()
    newest = max((delivery for delivery, _ in states), default=None)
    return newest is not None and all(state == "live" for delivery, state in states if delivery == newest)


def _forget(bound: Engine, delivery_id: int) -> None:
    """Removes the record of an attempt that turned out to be what is live already."""
    with write_session(bound) as session:
        session.delete(session.get_one(Delivery, delivery_id))


def _name_files(
    bound: Engine, delivery_id: int, sha256: str, files: Sequence[SourceFile], digests: Mapping[str, str]
) -> None:
    sizes = {file.name: file.path.stat().st_size for file in files}
    with write_session(bound) as session:
        delivery = session.get_one(Delivery, delivery_id)
        delivery.sha256 = sha256
        delivery.files = [{"name": name, "sha256": sha, "bytes": sizes[name]} for name, sha in digests.items()]
