"""Estimates beside the bills of the same accounts, and vendors whose cost arrives twice."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.api.answers import Answer, report_route, respond
from app.api.deps import SessionDep, ViewerDep
from app.domain.period import Period
from app.exports.cross_check import cross_check_table
from app.exports.double_counting import double_counting_table
from app.reports.cross_check import CrossCheck, cross_check
from app.reports.double_counting import DoubleCounting, double_counting

router = APIRouter(tags=["ingest"])


def billing_month(
    period: Annotated[str, Query(description="A billing month, YYYY-MM", examples=["2026-03"])],
) -> Period:
    """The billing month that is asked for."""
    return Period.parse_month(period)


PeriodDep = Annotated[Period, Depends(billing_month)]

# Neither has a version: they also rest on loads that are not live, and on how sources are set.


@report_route(router, "/cross-check", model=CrossCheck)
def read_cross_check(request: Request, session: SessionDep, viewer: ViewerDep, period: PeriodDep) -> Response:
    """How bills differ from estimates (AWS Cost Explorer) of the same accounts, service by service."""
    report = cross_check(session, viewer, period)
    return respond(request, Answer(lambda: report, lambda: cross_check_table(report)))


@report_route(router, "/double-counting", model=DoubleCounting)
def read_double_counting(request: Request, session: SessionDep, viewer: ViewerDep, period: PeriodDep) -> Response:
    """Vendors whose cost is on another's bill (a marketplace) and comes from a source of their own too."""
    report = double_counting(session, viewer, period)
    return respond(request, Answer(lambda: report, lambda: double_counting_table(report)))
