"""The lock on a source: one transaction or ingest at a time makes its loads."""

import zlib

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.errors import Conflict

LOCK_CLASS = 5872
_PATIENCE = "10s"


def source_lock_key(source_name: str) -> int:
    """The second half of the advisory lock's key: a signed 32-bit integer."""
    return zlib.crc32(source_name.encode()) - (1 << 31)


def hold_source(session: Session, source_name: str) -> None:
    """Keeps every other ingest of the source out until the transaction ends, after those that came first.

    Raises Conflict when another holds it for longer than ten seconds; the transaction is of no use then.
    """
    session.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    try:
        values = {"class": LOCK_CLASS, "key": source_lock_key(source_name)}
        session.execute(text("SELECT pg_advisory_xact_lock(:class, :key)"), values)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise Conflict(f"'{source_name}' is being ingested. Nothing was changed; send the same again later.") from error
    session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
