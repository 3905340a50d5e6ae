"""Configuring the places bills come from."""

import re
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.tables import Delivery, Load, ScheduledRun, Source
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, Conflict, NotFound

KINDS = ("focus",)
# A source's name is also a folder of the archive.
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


def add_source(session: Session, viewer: Viewer, *, kind: str, name: str, config: dict[str, Any]) -> Source:
    """Adds a source. Raises BadInput for an unusable name or kind, Conflict when the name is taken."""
    viewer.require_everything(Scope.WRITE_INGEST)
    if kind not in KINDS:
        raise BadInput(f"There is no kind of source called '{kind}'. Choose from {', '.join(KINDS)}.")
    if not _NAME.fullmatch(name):
        raise BadInput(f"'{name}' cannot name a source. Use lower-case letters, digits, '-', '_' and '.'.")
    if session.scalars(select(Source).where(Source.name == name)).first():
        raise Conflict(f"There is a source called '{name}' already.")
    source = Source(name=name, kind=kind, config=config)
    session.add(source)
    session.flush()
    record(session, viewer, "source.add", name, kind=kind, config=config)
    return source


def remove_source(session: Session, viewer: Viewer, name: str) -> None:
    """Removes a source of which nothing was ever booked, with its refused deliveries.

    Raises Conflict for one that has loads: figures rest on them.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    source = find_source(session, name)
    if session.scalars(select(Load.id).where(Load.source_id == source.id).limit(1)).first():
        raise Conflict(f"'{name}' has loads, which figures rest on. It cannot be removed.")
    session.execute(delete(ScheduledRun).where(ScheduledRun.source_id == source.id))
    session.execute(delete(Delivery).where(Delivery.source_id == source.id))
    session.delete(source)
    record(session, viewer, "source.remove", name)


def find_source(session: Session, name: str) -> Source:
    """The source called `name`. Raises NotFound, with the names there are."""
    source = session.scalars(select(Source).where(Source.name == name)).first()
    if source is None:
        names = list(session.scalars(select(Source.name).order_by(Source.name)))
        there = f"There are: {', '.join(names)}." if names else "There is none yet: `trueup sources add`."
        raise NotFound(f"There is no source called '{name}'. {there}")
    return source


def only_source(session: Session, kind: str) -> str:
    """The name of the only source of `kind`. Raises BadInput when there is none or more than one."""
    names = list(session.scalars(select(Source.name).where(Source.kind == kind).order_by(Source.name)))
    if len(names) != 1:
        which = f"{len(names)} sources fit ({', '.join(names)})" if names else "there is no source yet"
        raise BadInput(f"Say which source the files are from (--source NAME): {which}.")
    return names[0]
