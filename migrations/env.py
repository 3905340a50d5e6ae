"""Alembic's entry: migrate the database of the connection it is given, or of the configured URL."""

import pkgutil
from importlib import import_module

from alembic import context
from sqlalchemy import Connection, text

from app.db import tables
from app.db.session import engine
from app.db.tables.base import Base

for room in pkgutil.iter_modules(tables.__path__, prefix="app.db.tables."):
    import_module(room.name)  # every table must be known before the metadata is compared with a database

# Two processes that start together must not both migrate.
MIGRATION_LOCK = 5_872_001


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:  # noqa: FBT001
    """Leaves out the partitions of `charge`, which loads create."""
    return not (kind == "table" and name is not None and name.startswith("charge_p"))


def migrate(connection: Connection) -> None:
    """Runs the migrations in one transaction, waiting at most five seconds for any lock on a table."""
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=ours)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with engine().connect() as opened:
        migrate(opened)
        opened.commit()
