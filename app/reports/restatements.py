"""What restated bills changed: every load that replaced another and moved a figure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.restatements import changes, replaced_loads
from app.domain.viewer import Viewer
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class Restatement:
    """What a load changed against those it replaced, in one currency; `load_report` has it by owner and service."""

    load_id: int
    source: str
    billing_period_start: date
    created_at: datetime
    state: str
    replaced: tuple[int, ...]  # loads
    billing_currency: str
    lines: int  # owners and services that changed
    billed_cost_change: Decimal
    effective_cost_change: Decimal


def restatements(session: Session, viewer: Viewer, *, limit: int = 100) -> tuple[Restatement, ...]:
    """The newest `limit` loads that moved a figure, by billing period, newest first.

    A viewer limited to teams sees what changed for these. A load that moved cost between teams alone changes 0 in all.
    """
    found = changes(session, visible_teams(session, viewer), limit=limit)
    replaced = replaced_loads(session, {each.load_id for each in found})
    return tuple(
        Restatement(
            load_id=each.load_id,
            source=each.source,
            billing_period_start=each.billing_period_start,
            created_at=each.created_at,
            state=each.state,
            replaced=tuple(replaced.get(each.load_id, ())),
            billing_currency=each.billing_currency,
            lines=each.lines,
            billed_cost_change=each.billed_cost_change,
            effective_cost_change=each.effective_cost_change,
        )
        for each in found
    )
