"""What sources have delivered for a billing period: reads that closing rests on."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Load, Source
from app.domain.gpu.metered import FORMAT
from app.domain.period import Period


@dataclass(frozen=True)
class Delivered:
    """What a source has delivered for a billing period and the one before."""

    first_period: date | None  # of all its loads
    before: bool  # it has a live load for the period before, and that is a bill
    now: bool  # it has a load for the period, live or superseded
    estimates: bool  # its live load for the period holds estimates
    refused: str | None  # why a delivery was refused after the last that was loaded


def delivered(session: Session, period: Period) -> dict[str, Delivered]:
    """What each source has delivered for `period` and the month before, by the name of the source."""
    live, start = Load.state == "live", Load.billing_period_start
    statement = (
        select(
            Source.name,
            func.min(start),
            _any(live & (start == period.previous_month().start) & ~Delivery.estimates),
            _any(start == period.start),
            _any(live & (start == period.start) & Delivery.estimates & (func.jsonb_array_length(Load.totals) > 0)),
        )
        .outerjoin(Load, Load.source_id == Source.id)
        .outerjoin(Delivery, Delivery.id == Load.delivery_id)
        .group_by(Source.id)
    )
    refused = _refused(session)
    return {
        name: Delivered(first, before, now, estimates, refused.get(name))
        for name, first, before, now, estimates in session.execute(statement)
    }


def _any(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return func.coalesce(func.bool_or(condition), false())


def _refused(session: Session) -> dict[str, str]:
    """Why the newest delivery of a source was refused, where nothing has been loaded since, by its name."""
    handed_over = (Delivery.state != "received", Delivery.format != FORMAT)
    ended = select(func.max(Delivery.id)).where(*handed_over).group_by(Delivery.source_id)
    statement = (
        select(Source.name, Delivery.message)
        .join(Source, Source.id == Delivery.source_id)
        .where(and_(Delivery.id.in_(ended), Delivery.state == "refused"))
    )
    return {name: message or "no reason was given" for name, message in session.execute(statement)}
