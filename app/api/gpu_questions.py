"""Questions about GPUs, read from a URL."""

from typing import Annotated

from fastapi import Depends, Query

from app.api.questions import parse_day
from app.domain.charge import Axis
from app.domain.period import Period
from app.errors import BadInput
from app.reports.gpu_query import (
    DEFAULT_CELLS,
    FACT_DIMENSIONS,
    WASTE_DIMENSIONS,
    FactGranularity,
    HeatMeasure,
    HeatQuestion,
    UtilizationQuestion,
    WasteQuestion,
    gpu_filters,
    instant,
)

Month = Annotated[str | None, Query(description="A billing month, YYYY-MM, instead of start and end")]
Start = Annotated[str | None, Query(description="The first day of use: YYYY-MM-DD, or YYYY-MM")]
End = Annotated[str | None, Query(description="The first day that is no longer meant; written like start")]
Filters = Annotated[
    list[str] | None, Query(alias="filter", description="dimension:value, as for costs", examples=[["team:search"]])
]


def asked_waste(
    *,
    period: Month = None,
    start: Start = None,
    end: End = None,
    group_by: Annotated[list[str] | None, Query(description=f"Dimensions: {', '.join(WASTE_DIMENSIONS)}")] = None,
    filters: Filters = None,
) -> WasteQuestion:
    """The question about waste that a URL asks; by state, unless it says otherwise. Raises BadInput for none."""
    groups, kept = _names(group_by, "state"), gpu_filters(filters or ())
    if period is not None:
        if start or end:
            raise BadInput("Give a billing period, or start and end; not both.")
        month = Period.parse_month(period)
        return WasteQuestion(month.start, month.end, Axis.BILLING, groups, kept)
    days = _days(start, end)
    return WasteQuestion(days.start, days.end, Axis.CHARGE, groups, kept)


def asked_boards(*, start: Start = None, end: End = None, filters: Filters = None) -> WasteQuestion:
    """The days and filters of a list of boards."""
    days = _days(start, end)
    return WasteQuestion(days.start, days.end, Axis.CHARGE, ("board",), gpu_filters(filters or ()))


def asked_utilization(
    *,
    start: Start = None,
    end: End = None,
    granularity: FactGranularity = FactGranularity.TOTAL,
    group_by: Annotated[list[str] | None, Query(description=f"Dimensions: {', '.join(FACT_DIMENSIONS)}")] = None,
    filters: Filters = None,
) -> UtilizationQuestion:
    """The question about utilisation that a URL asks; by board, unless it says otherwise."""
    days = _days(start, end)
    return UtilizationQuestion(days.start, days.end, granularity, _names(group_by, "board"), gpu_filters(filters or ()))


def asked_heat(
    *,
    start: Annotated[str, Query(description="A day, or a moment in ISO 8601; UTC unless it has an offset")],
    end: Annotated[str, Query(description="The first moment that is no longer meant")],
    measure: HeatMeasure = HeatMeasure.ACTIVITY,
    cells: Annotated[int, Query(description="At most so many cells; the hours are binned to fit")] = DEFAULT_CELLS,
    filters: Filters = None,
) -> HeatQuestion:
    """The heat map that a URL asks for."""
    return HeatQuestion(instant(start), instant(end), measure, cells, gpu_filters(filters or ()))


def _days(start: str | None, end: str | None) -> Period:
    if not start or not end:
        raise BadInput("Say which days: start and end, as YYYY-MM-DD or YYYY-MM. end is the first that is not meant.")
    return Period(parse_day(start), parse_day(end))


def _names(texts: list[str] | None, default: str) -> tuple[str, ...]:
    if texts is None:
        return (default,)
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


WasteDep = Annotated[WasteQuestion, Depends(asked_waste)]
BoardsDep = Annotated[WasteQuestion, Depends(asked_boards)]
UtilizationDep = Annotated[UtilizationQuestion, Depends(asked_utilization)]
HeatDep = Annotated[HeatQuestion, Depends(asked_heat)]
