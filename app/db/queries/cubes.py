"""The tables that can answer a question about costs, smallest first: the first one that fits is read.

All of them hold the owner before sharing, so any of them gives the same answer; they differ only in size.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, FromClause, Select, Subquery, cast, func, null, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import keeps
from app.db.queries.facts import facts
from app.db.queries.question import TEAM, Question, asked_dimensions
from app.db.tables.base import Base
from app.db.tables.rollups import DailyCost, MonthlyCost, MonthlyResourceCost
from app.domain.charge import Axis

_SERVICE = frozenset({TEAM, "service_provider_name", "service_category", "service_name", "charge_category"})
_RESOURCE = _SERVICE | {"pricing_category", "sub_account_id", "region_id", "sku_id", "resource_id"}
_MONTHS = frozenset({"month", "total"})
_DAYS = _MONTHS | {"week", "day"}


@dataclass(frozen=True)
class Cube:
    """A roll-up: the dimensions it keeps, the column that places it on the charge axis, and the buckets it can fill."""

    table: type[Base]
    dimensions: frozenset[str]
    time: str
    buckets: frozenset[str]

    def fits(self, question: Question) -> bool:
        """Whether the roll-up can answer `question`."""
        aligned = question.axis is Axis.BILLING or _whole_months(question) or self.time == "charge_day"
        return (
            aligned and question.granularity in self.buckets and self.dimensions.issuperset(asked_dimensions(question))
        )


CUBES = (
    Cube(MonthlyCost, _SERVICE, "charge_month", _MONTHS),
    Cube(MonthlyResourceCost, _RESOURCE, "charge_month", _MONTHS),
    Cube(DailyCost, _SERVICE, "charge_day", _DAYS),
)


def _whole_months(question: Question) -> bool:
    return question.start.day == 1 == question.end.day


def unshared_rows(session: Session, question: Question) -> Subquery:
    """The rows a question is about, before sharing.

    Columns: billing_period_start, billing_currency, team_id, pool_id, bucket (null for a total), cost, missing, and
    the asked dimensions by name. All conditions but those on the team are applied.
    """
    cube = next((cube for cube in CUBES if cube.fits(question)), None)
    if cube is None:
        return _rows(question, facts(session, question), "charge_day").subquery("charges")
    return _rows(question, cube.table.__table__, cube.time).subquery("charges")


def _rows(question: Question, table: FromClause, time: str) -> Select[Any]:
    names = [name for name in asked_dimensions(question) if name != TEAM]
    day = table.c["billing_period_start" if question.axis is Axis.BILLING else time]
    columns = [table.c[name] for name in ("billing_period_start", "billing_currency", "team_id", "pool_id", *names)]
    return select(
        *columns,
        _bucket(question, day).label("bucket"),
        table.c[question.metric].label("cost"),
        table.c[f"{question.metric}_missing"].label("missing"),
    ).where(
        day >= question.start,
        day < question.end,
        *(keeps(each, table.c[each.dimension]) for each in question.filters if each.dimension != TEAM),
    )


def _bucket(question: Question, day: ColumnElement[date]) -> ColumnElement[Any]:
    if question.granularity == "total":
        return cast(null(), Date)
    # Cast to a timestamp without zone: date_trunc of a bare date would go through the session's time zone.
    return cast(func.date_trunc(question.granularity, cast(day, DateTime)), Date)
