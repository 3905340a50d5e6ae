"""A question about costs, read from a URL."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from app.domain.charge import Axis, Metric
from app.domain.period import Period
from app.errors import BadInput
from app.reports.cost_query import CostQuery, Filter, Granularity, dimension


@dataclass(frozen=True)
class AskedCosts:
    """A question and the names that its dimensions have in the URL; the answer repeats them."""

    query: CostQuery
    labels: tuple[str, ...]


Day = Annotated[str, Query(description="YYYY-MM-DD, or YYYY-MM for the first day of a month", examples=["2026-03-01"])]
GroupBy = Annotated[
    list[str] | None,
    Query(description="Dimensions, repeated or separated by commas: team, service, region, tag:KEY, …"),
]
Filters = Annotated[
    list[str] | None,
    Query(
        alias="filter",
        description="dimension:value, several values separated by |, `!` in front to exclude; filters are combined"
        " with AND. An empty value means rows that have none: `team:` is the unallocated cost.",
        examples=[["service:Amazon EC2"]],
    ),
]


def asked_costs(
    *,
    start: Day,
    end: Annotated[str, Query(description="The first day that is no longer meant; written like start")],
    axis: Axis = Axis.CHARGE,
    group_by: GroupBy = None,
    granularity: Granularity = Granularity.MONTH,
    metric: Metric = Metric.EFFECTIVE,
    filters: Filters = None,
) -> AskedCosts:
    """The question that a URL asks. Raises BadInput when it asks none."""
    labels = tuple(name.strip() for part in group_by or () for name in part.split(",") if name.strip())
    query = CostQuery(
        start=parse_day(start),
        end=parse_day(end),
        metric=metric,
        axis=axis,
        granularity=granularity,
        group_by=tuple(dimension(label) for label in labels),
        filters=tuple(Filter.parse(text) for text in filters or ()),
    )
    return AskedCosts(query, labels)


def parse_day(text: str) -> date:
    """The day written as YYYY-MM-DD, or the first of a month written as YYYY-MM."""
    if len(text) == len("YYYY-MM"):
        return Period.parse_month(text).start
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadInput(f"'{text}' is not a day. Write it as YYYY-MM-DD, for example 2026-03-01.")


AskedCostsDep = Annotated[AskedCosts, Depends(asked_costs)]
