"""Configuring the places bills and telemetry come from."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.tables.bills import Delivery, Load, ScheduledRun, Source
from app.db.tables.gpu import GpuHourFact, GpuJob
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, Conflict, NotFound
from ingest.source_kinds import source_kind

# A source's name is also a folder of the archive.
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


def add_source(session: Session, viewer: Viewer, *, kind: str, name: str, config: dict[str, Any]) -> Source:
    """Adds a source. Raises BadInput for an unusable name, kind or setting, Conflict when the name is taken."""
    viewer.require_everything(Scope.WRITE_INGEST)
    return keep_source(session, viewer, kind=kind, name=name, config=config)


def keep_source(session: Session, viewer: Viewer, *, kind: str, name: str, config: dict[str, Any]) -> Source:
    """`add_source` for an action that has checked what `viewer` may do."""
    kept = _settings(kind, config)
    if not _NAME.fullmatch(name):
        raise BadInput(f"'{name}' cannot name a source. Use lower-case letters, digits, '-', '_' and '.'.")
    if session.scalars(select(Source).where(Source.name == name)).first():
        raise Conflict(f"There is a source called '{name}' already.")
    source = Source(name=name, kind=kind, config=kept)
    session.add(source)
    session.flush()
    record(session, viewer, "source.add", name, kind=kind, config=kept)
    return source


def change_source(session: Session, viewer: Viewer, name: str, changes: Mapping[str, Any]) -> Source:
    """Changes some settings of a source; a setting given as None goes back to what it is without being told.

    What is live stays as it is; the next delivery is read with the new settings. Raises BadInput for one that its kind
    does not have or cannot use.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    source = find_source(session, name)
    together = {key: value for key, value in {**source.config, **changes}.items() if value is not None}
    before, source.config = source.config, _settings(source.kind, together)
    record(session, viewer, "source.change", name, before=before, after=source.config)
    return source


def _settings(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a source's settings: those that say something, as the kind understands them."""
    model = source_kind(kind).settings
    try:
        told = model.model_validate(config)
    except ValidationError as error:
        raise BadInput(_setting_message(kind, error)) from None
    return told.model_dump(mode="json", exclude_defaults=True)


def _setting_message(kind: str, error: ValidationError) -> str:
    """The first thing that is wrong with a source's settings."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        there = ", ".join(source_kind(kind).settings.model_fields)
        return f"A source of kind {kind} has no setting '{name}'. There are: {there}."
    if first["type"] == "missing":
        return f"A source of kind {kind} needs the setting '{name}' (`trueup sources kinds {kind}` lists them)."
    return f"The setting '{name}' cannot be used: {first['msg']}." if name else f"{first['msg']}."


def remove_source(session: Session, viewer: Viewer, name: str) -> None:
    """Removes a source of which nothing was ever booked, with its refused deliveries.

    Raises Conflict for one that has loads, GPU hours or jobs: figures rest on them.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    source = find_source(session, name)
    if session.scalars(select(Load.id).where(Load.source_id == source.id).limit(1)).first():
        raise Conflict(f"'{name}' has loads, which figures rest on. It cannot be removed.")
    for told in (GpuHourFact.source_id, GpuJob.source_id):
        if session.scalars(select(told).where(told == source.id).limit(1)).first():
            raise Conflict(f"'{name}' has told of GPUs, which figures rest on. It cannot be removed.")
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
