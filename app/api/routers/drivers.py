"""Drivers: the quantities that explain cost."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import Response

from app.actions.drivers import post_drivers
from app.api import cursors, schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import SessionDep, ViewerDep, WriteSessionDep
from app.api.questions import Day, parse_day
from app.domain.money import plain
from app.domain.posted_quantity import Item
from app.exports.drivers import driver_names_table, drivers_table
from app.exports.table import Table
from app.reports.cost_query import Granularity
from app.reports.dataset import dataset_version
from app.reports.driver_query import DriverQuery, driver_filter
from app.reports.drivers import DriverRow, driver_names, drivers
from app.settings import settings

router = APIRouter(prefix="/drivers", tags=["costs"])
QuantitiesIn = Annotated[list[schemas.QuantityIn], Body(min_length=1, max_length=100_000)]


def asked_drivers(
    *,
    name: Annotated[str, Query(description="Which driver; /drivers/names lists them", examples=["tokens"])],
    start: Day,
    end: Annotated[str, Query(description="The first day that is no longer meant; written like start")],
    group_by: Annotated[
        list[str] | None,
        Query(description="Dimensions, repeated or separated by commas: model, token_class, team, source, …"),
    ] = None,
    granularity: Granularity = Granularity.TOTAL,
    filters: Annotated[
        list[str] | None,
        Query(alias="filter", description="dimension:value, as for costs", examples=[["model:gpt-4o"]]),
    ] = None,
) -> DriverQuery:
    """The question that a URL asks. Raises BadInput when it asks none."""
    return DriverQuery(
        start=parse_day(start),
        end=parse_day(end),
        name=name,
        granularity=granularity,
        group_by=tuple(each.strip() for part in group_by or () for each in part.split(",") if each.strip()),
        filters=tuple(driver_filter(text) for text in filters or ()),
    )


@report_route(router, "/names", model=schemas.DriverNames)
def read_names(request: Request, session: SessionDep, viewer: ViewerDep) -> Response:
    """The drivers there are: name, unit, source, first and last day, days with a quantity, dimensions."""
    version = (dataset_version(session), cursors.digest("driver names", viewer.fingerprint))
    return respond(
        request,
        Answer(
            json=lambda: {"drivers": driver_names(session, viewer)},
            table=lambda: driver_names_table(driver_names(session, viewer)),
            version=version,
        ),
    )


@report_route(router, "", model=schemas.Drivers)
def read_drivers(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    query: Annotated[DriverQuery, Depends(asked_drivers)],
    limit: Annotated[int, Query(ge=1, le=50_000, description="Rows in a page of JSON")] = 5_000,
    cursor: Annotated[str | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """The quantities of a driver, exact, from `start` up to, not including, `end`."""
    version, question = dataset_version(session), cursors.digest("drivers", query, viewer.fingerprint)
    offset = cursors.offset_of(cursor, version=version, question=question)

    def as_json() -> object:
        report = drivers(session, viewer, query)
        more = len(report.rows) > offset + limit
        return {
            "meta": {
                "name": query.name,
                "start": query.start,
                "end": query.end,
                "granularity": query.granularity,
                "group_by": list(query.group_by),
            },
            "totals": report.totals,
            "rows": [_row(query, row) for row in report.rows[offset : offset + limit]],
            "next": cursors.cursor(offset + limit, version=version, question=question) if more else None,
        }

    def as_table() -> Table:
        return drivers_table(drivers(session, viewer, query))

    return respond(request, Answer(as_json, as_table, version=(version, question, offset, limit)))


@router.post("", response_model=schemas.QuantitiesTaken)
def write_drivers(session: WriteSessionDep, viewer: ViewerDep, quantities: QuantitiesIn) -> Response:
    """Takes in quantities: all of them, or none when one cannot be used. The same ones again change nothing."""
    taken = post_drivers(session, viewer, settings(), (Item(**dict(each)) for each in quantities))
    return Response(rendered(taken), media_type="application/json")


def _row(query: DriverQuery, row: DriverRow) -> dict[str, str | None]:
    return {
        "period_start": row.period_start.isoformat() if row.period_start else None,
        **dict(zip(query.group_by, row.keys, strict=True)),
        "unit": row.unit,
        "quantity": plain(row.quantity),
    }
