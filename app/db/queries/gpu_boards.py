"""Boards: which there are, and who had each last."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db.queries.gpu_dimensions import workload
from app.db.queries.gpu_facts import midnight
from app.db.queries.gpu_teams import posted_teams, seen
from app.db.tables.gpu import GpuBoard, GpuHourFact, GpuNode, GpuOwner


@dataclass(frozen=True)
class KnownBoard:
    """A board and the node it was seen in last."""

    gpu_uuid: str
    node: str | None
    model: str | None
    fb_total_mib: float | None


@dataclass(frozen=True)
class LastSeen:
    """The last hour that has telemetry of a board, and the last workload that held it, with its last hour."""

    seen_at: datetime
    owner: str | None = None
    owned_at: datetime | None = None


def known_boards(session: Session, gpu_uuids: Collection[str] | None) -> list[KnownBoard]:
    """Boards by UUID; None asks for all."""
    model = func.coalesce(GpuBoard.accelerator, GpuBoard.model)
    statement = select(GpuBoard.gpu_uuid, GpuNode.name, model, GpuBoard.fb_total_mib)
    if gpu_uuids is not None:
        statement = statement.where(GpuBoard.gpu_uuid.in_(gpu_uuids))
    joined = statement.outerjoin(GpuNode, GpuNode.id == GpuBoard.node_id)
    return [KnownBoard(*row) for row in session.execute(joined.order_by(GpuBoard.gpu_uuid.collate("C")))]


def last_seen(session: Session, start: date, end: date, *, visible: frozenset[str] | None) -> dict[str, LastSeen]:
    """When and with whom each board was seen last in the days from `start` up to, not including, `end`."""
    teams = posted_teams(start, end)
    columns: list[Any] = [GpuHourFact.board_id, GpuHourFact.owner_id, func.max(GpuHourFact.hour).label("at")]
    hours: Select[Any] = select(*columns).where(
        GpuHourFact.hour >= midnight(start), GpuHourFact.hour < midnight(end), seen(teams, visible)
    )
    if visible is not None:
        hours = teams.joined(hours)
    latest = hours.group_by(GpuHourFact.board_id, GpuHourFact.owner_id).subquery()
    statement = (
        select(GpuBoard.gpu_uuid, latest.c.at, workload())
        .select_from(latest)
        .join(GpuBoard, GpuBoard.id == latest.c.board_id)
        .outerjoin(GpuOwner, GpuOwner.id == latest.c.owner_id)
        .order_by(latest.c.at)  # what comes later takes the place of what came before
    )
    found: dict[str, LastSeen] = {}
    for gpu_uuid, at, owner in session.execute(statement):
        before = found.get(gpu_uuid)
        held = (owner, at) if owner else (before.owner, before.owned_at) if before else (None, None)
        found[gpu_uuid] = LastSeen(at, *held)
    return found
