"""Gateways beside the bills of the vendors they call."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.api.answers import Answer, report_route, respond
from app.api.cursors import digest
from app.api.deps import SessionDep, ViewerDep
from app.domain.period import Period
from app.exports.gateway import allocation_table, variance_table
from app.reports.dataset import dataset_version
from app.reports.gateway import GatewayAllocation, GatewayVariance, gateway_allocation, gateway_variance

router = APIRouter(prefix="/gateway", tags=["costs"])


def billing_month(
    period: Annotated[str, Query(description="A billing month, YYYY-MM", examples=["2026-03"])],
) -> Period:
    """The billing month that is asked for."""
    return Period.parse_month(period)


PeriodDep = Annotated[Period, Depends(billing_month)]


@report_route(router, "/variance", model=GatewayVariance)
def read_variance(request: Request, session: SessionDep, viewer: ViewerDep, period: PeriodDep) -> Response:
    """What vendors bill beside what gateways estimated, by model and day: the difference in lines that add up."""
    # Without a version: it also rests on which of the vendors' accounts a gateway is said to use.
    report = gateway_variance(session, viewer, period)
    return respond(request, Answer(json=lambda: report, table=lambda: variance_table(report)))


@report_route(router, "/allocation", model=GatewayAllocation)
def read_allocation(request: Request, session: SessionDep, viewer: ViewerDep, period: PeriodDep) -> Response:
    """Whose the vendors' invoices are: by team, API key and model, in proportion to the gateways' spend."""
    version = (dataset_version(session), digest("gateway allocation", period, viewer.fingerprint))
    return respond(
        request,
        Answer(
            json=lambda: gateway_allocation(session, viewer, period),
            table=lambda: allocation_table(gateway_allocation(session, viewer, period)),
            version=version,
        ),
    )
