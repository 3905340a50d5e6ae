"""Drivers: the daily quantities (tokens, requests, GPU-hours, a gateway's spend) that explain cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from sqlalchemy.orm import Session

from app.db.queries.drivers import DriverSum, driver_sums, known_drivers
from app.domain.driver import KnownDriver
from app.domain.money import total
from app.domain.viewer import Viewer
from app.errors import BadInput, NotFound
from app.reports.costs import MOST_ROWS
from app.reports.driver_query import DriverQuery
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class DriverRow:
    """The quantity of one bucket and one combination of the dimensions asked for, in `unit`."""

    period_start: date | None
    keys: tuple[str | None, ...]
    unit: str
    quantity: Decimal


@dataclass(frozen=True)
class DriverTotal:
    """The whole quantity in one unit."""

    unit: str
    quantity: Decimal


@dataclass(frozen=True)
class DriverReport:
    """The answer to a question about a driver: rows by unit, bucket and dimensions. Units are never added up."""

    query: DriverQuery
    totals: tuple[DriverTotal, ...]
    rows: tuple[DriverRow, ...]


def drivers(session: Session, viewer: Viewer, query: DriverQuery) -> DriverReport:
    """The quantities that `query` asks for, of live loads, as far as `viewer` may see them.

    Raises NotFound for a driver that there is none of, BadInput for an answer that is too long.
    """
    visible = visible_teams(session, viewer)
    sums = driver_sums(session, query, visible=visible, limit=MOST_ROWS + 1)
    if len(sums) > MOST_ROWS:
        raise BadInput(
            f"The answer has more than {MOST_ROWS:,} rows. Ask for a shorter span, a longer granularity, fewer"
            " dimensions in group_by, or add a filter."
        )
    if not sums:
        _require_known(query.name, known_drivers(session, visible=visible))
    rows = tuple(DriverRow(each.period_start, each.keys, each.unit, each.quantity) for each in sums)
    return DriverReport(query, tuple(_totals(sums)), rows)


def driver_names(session: Session, viewer: Viewer) -> tuple[KnownDriver, ...]:
    """The drivers there are, by name, unit and source: since when, on how many days, by which dimensions.

    For a viewer limited to teams only the rows of its teams count.
    """
    return tuple(known_drivers(session, visible=visible_teams(session, viewer)))


def _totals(sums: Iterable[DriverSum]) -> Iterable[DriverTotal]:
    for unit, found in groupby(sums, key=attrgetter("unit")):
        yield DriverTotal(unit, total(each.quantity for each in found))


def _require_known(name: str, known: Iterable[KnownDriver]) -> None:
    names = sorted({each.name for each in known})
    if name not in names:
        there = f"There are {', '.join(names)}." if names else "There are none yet."
        raise NotFound(f"There is no driver '{name}' that you may see. {there}")
