"""Cost that may count twice: of a vendor on another's bill, and from a source of its own."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.db.queries.double_counting import charged_periods, vendor_costs
from app.domain.double_counting import TwoDoors, two_doors
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class DoubleCounting:
    """The vendors of a billing month that come in through two doors."""

    period: Period
    vendors: tuple[TwoDoors, ...]


def double_counting(session: Session, viewer: Viewer, period: Period) -> DoubleCounting:
    """Which vendors' live charges of `period` are in a source of their own and on another's bill as well.

    That names meet is a reason to look, not a proof. Empty for a viewer who sees only some teams: it is about whole
    bills.
    """
    if not sees_everything(viewer):
        return DoubleCounting(period, ())
    return DoubleCounting(period, two_doors(vendor_costs(session, period.start)))


def double_counting_months(session: Session, viewer: Viewer) -> tuple[date, ...]:
    """The billing months in which several sources have charges, newest first; none for some teams."""
    return tuple(charged_periods(session)) if sees_everything(viewer) else ()
