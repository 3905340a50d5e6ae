"""Reads about sources, what they delivered and what became of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, Select, and_, case, cast, extract, func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Finding, Load, LoadDifference, QuarantinedRow, ScheduledRun, Source
from app.domain.gpu.metered import FORMAT


def source_rows(session: Session) -> list[tuple[Any, ...]]:
    """Each source by name, with its newest delivery, what its live loads hold and its newest scheduled run."""
    live = (
        select(
            Load.source_id,
            func.count().label("live_loads"),
            cast(func.sum(Load.rows_loaded), BigInteger).label("rows_loaded"),
            func.max(Load.last_charge_day).label("newest_charge_day"),
        )
        .where(Load.state == "live")
        .group_by(Load.source_id)
        .subquery("live")
    )
    holding = select(Load.delivery_id).where(Load.state == "live")
    set_aside = (
        select(Delivery.source_id, cast(func.sum(Delivery.rows_quarantined), BigInteger).label("rows_quarantined"))
        .where(Delivery.id.in_(holding))
        .group_by(Delivery.source_id)
        .subquery("set_aside")
    )
    newest_ids = select(func.max(Delivery.id)).where(Delivery.format != FORMAT).group_by(Delivery.source_id)
    newest_runs = select(func.max(ScheduledRun.id)).group_by(ScheduledRun.source_id)
    # What a source was told, or what the scheduler left between its newest run and the next; a retry comes sooner.
    waited = extract("epoch", ScheduledRun.next_run_at - ScheduledRun.finished_at) / 60
    left = case((ScheduledRun.state == "done", cast(func.round(waited), Integer)))
    cadence = func.coalesce(cast(Source.config["cadence_minutes"].astext, Integer), left)
    statement = (
        select(
            Source.name,
            Source.kind,
            Delivery.received_at,
            Delivery.state,
            Delivery.message,
            live.c.newest_charge_day,
            func.coalesce(live.c.live_loads, 0),
            func.coalesce(live.c.rows_loaded, 0),
            func.coalesce(set_aside.c.rows_quarantined, 0),
            ScheduledRun.state,
            ScheduledRun.message,
            ScheduledRun.finished_at,
            ScheduledRun.next_run_at,
            cadence,
        )
        .outerjoin(Delivery, and_(Delivery.source_id == Source.id, Delivery.id.in_(newest_ids)))
        .outerjoin(live, live.c.source_id == Source.id)
        .outerjoin(set_aside, set_aside.c.source_id == Source.id)
        .outerjoin(ScheduledRun, and_(ScheduledRun.source_id == Source.id, ScheduledRun.id.in_(newest_runs)))
        .order_by(Source.name.collate("C"))
    )
    return [tuple(row) for row in session.execute(statement)]


def load_rows(session: Session, *, source: str | None, before: int | None, limit: int) -> Sequence[Row[str, Load]]:
    """Loads with the name of their source, newest first, from those older than load `before`."""
    statement = _loads().order_by(Load.id.desc()).limit(limit)
    if source is not None:
        statement = statement.where(Source.name == source)
    if before is not None:
        statement = statement.where(Load.id < before)
    return session.execute(statement).all()


def load_row(session: Session, load_id: int) -> Row[str, Load] | None:
    """One load with the name of its source."""
    return session.execute(_loads().where(Load.id == load_id)).first()


def _loads() -> Select[str, Load]:
    return select(Source.name, Load).join(Source, Source.id == Load.source_id)


def differences(session: Session, load_id: int) -> Sequence[LoadDifference]:
    """What a load changed against the one it replaced, line by line."""
    statement = select(LoadDifference).where(LoadDifference.load_id == load_id).order_by(LoadDifference.line)
    return session.scalars(statement).all()


def findings(session: Session, delivery_id: int) -> Sequence[Finding]:
    """The FOCUS rules that a delivery breaks."""
    return session.scalars(select(Finding).where(Finding.delivery_id == delivery_id).order_by(Finding.id)).all()


def quarantined_rows(session: Session, delivery_id: int, *, limit: int) -> Sequence[QuarantinedRow]:
    """The first `limit` rows of a delivery that could not be booked."""
    statement = select(QuarantinedRow).where(QuarantinedRow.delivery_id == delivery_id)
    return session.scalars(statement.order_by(QuarantinedRow.id).limit(limit)).all()


def delivery(session: Session, delivery_id: int) -> Delivery:
    """One delivery."""
    return session.get_one(Delivery, delivery_id)


def loaded_versions(session: Session, source_id: int) -> dict[str, str | None]:
    """The version of each snapshot of a source that was loaded last, by what it is a snapshot of."""
    statement = (
        select(Delivery.scope, Delivery.version)
        .where(Delivery.source_id == source_id, Delivery.state == "loaded", Delivery.scope.is_not(None))
        .order_by(Delivery.id)
    )
    return {scope: version for scope, version in session.execute(statement) if scope is not None}
