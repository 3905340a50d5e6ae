"""Reads about sources and their scheduled runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import ScheduledRun, Source


def scheduled_sources(session: Session) -> list[tuple[str, str, dict[str, Any], datetime | None]]:
    """Name, kind, settings and next run of each source; those that have waited longest come first."""
    newest = select(func.max(ScheduledRun.id)).group_by(ScheduledRun.source_id)
    statement = (
        select(Source.name, Source.kind, Source.config, ScheduledRun.next_run_at)
        .outerjoin(ScheduledRun, and_(ScheduledRun.source_id == Source.id, ScheduledRun.id.in_(newest)))
        .order_by(ScheduledRun.next_run_at.asc().nulls_first(), Source.name)
    )
    return [(name, kind, config, next_run_at) for name, kind, config, next_run_at in session.execute(statement)]


def failures_in_a_row(session: Session, source_id: int) -> int:
    """How many of a source's runs have failed since the last that was done."""
    done = select(func.max(ScheduledRun.id)).where(ScheduledRun.source_id == source_id, ScheduledRun.state == "done")
    statement = select(func.count()).where(
        ScheduledRun.source_id == source_id,
        ScheduledRun.state == "failed",
        ScheduledRun.id > func.coalesce(done.scalar_subquery(), 0),
    )
    return session.scalar(statement) or 0
