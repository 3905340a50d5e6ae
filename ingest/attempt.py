"""An attempt to take a delivery in: alone for its source, on record from the start, with an end whatever happens."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.functions import now

from app.db.session import write_session
from app.db.source_lock import LOCK_CLASS, source_lock_key
from app.db.tables.bills import Delivery, Source
from app.errors import BadInput, Conflict, TrueupError
from app.settings import Settings
from ingest.disk import full_disk
from ingest.files import SourceFile


@contextmanager
def only_one(connection: Connection, source_name: str) -> Iterator[None]:
    """Holds the source for this process; a second ingest of it is turned away at once."""
    key = {"class": LOCK_CLASS, "key": source_lock_key(source_name)}
    if not connection.scalar(text("SELECT pg_try_advisory_lock(:class, :key)"), key):
        raise Conflict(f"Another ingest of '{source_name}' is running. Wait until it is done, then run this again.")
    connection.commit()  # the lock belongs to the connection; an open transaction would only hold vacuum back
    try:
        yield
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:class, :key)"), key)  # the pool keeps the connection
        connection.commit()


@contextmanager
def scratch_folder(config: Settings, source_name: str) -> Iterator[Path]:
    """An empty folder, rid of what a crash may have left in it. Call it only while holding the source."""
    folder = config.temp_dir / f"ingest-{source_name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def on_record(bound: Engine, config: Settings, delivery: Delivery) -> Iterator[int]:
    """The id of `delivery`, which is there from the start and ends as loaded or refused, whatever happens."""
    with write_session(bound) as session:
        session.add(delivery)
        session.flush()
        delivery_id = delivery.id
    try:
        yield delivery_id
    except BaseException as error:
        full = full_disk(error, config)
        told = full or error
        message = str(told) if isinstance(told, TrueupError) else f"failed: {error!r}"
        # The database's disk may be the full one; the next run then says "interrupted" of this attempt.
        with suppress(SQLAlchemyError) if full else nullcontext():
            finish(bound, delivery_id, "refused", message)
        if full and full is not error:
            raise full from error
        raise


def finish(bound: Engine, delivery_id: int, state: str, message: str) -> None:
    """Gives a delivery its end, unless it has one."""
    with write_session(bound) as session:
        session.execute(
            update(Delivery)
            # What has been booked stays booked, whatever happens on the way out.
            .where(Delivery.id == delivery_id, Delivery.state == "received")
            .values(state=state, message=message, finished_at=now())
        )


def close_interrupted(bound: Engine, source_name: str) -> None:
    """Gives every attempt that a crash cut short its end. Call it only while holding the source."""
    with write_session(bound) as session:
        source_id = select(Source.id).where(Source.name == source_name).scalar_subquery()
        session.execute(
            update(Delivery)
            .where(Delivery.source_id == source_id, Delivery.state == "received")
            .values(state="refused", message="interrupted; nothing was booked. Run it again.", finished_at=now())
        )


def check_twice(digests: Mapping[str, str]) -> None:
    """Raises BadInput when two files of a delivery are the same, byte for byte: what they hold would count twice."""
    names: dict[str, str] = {}
    for name, sha256 in digests.items():
        if sha256 in names:
            raise BadInput(f"{names[sha256]} and {name} are the same file. Take one of them away and run this again.")
        names[sha256] = name


def name_files(
    bound: Engine, delivery_id: int, sha256: str, files: Sequence[SourceFile], digests: Mapping[str, str]
) -> None:
    """Puts on record of which files a delivery is."""
    sizes = {file.name: file.path.stat().st_size for file in files}
    with write_session(bound) as session:
        delivery = session.get_one(Delivery, delivery_id)
        delivery.sha256 = sha256
        delivery.files = [{"name": name, "sha256": sha, "bytes": sizes[name]} for name, sha in digests.items()]
