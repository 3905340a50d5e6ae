"""Costs: by any dimension and over time, and the line items under them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import Answer, report_route, respond
from app.api.cursors import digest, offset_of
from app.api.deps import SessionDep, ViewerDep
from app.api.questions import AskedCostsDep
from app.exports.tables import costs_table
from app.reports.costs import costs
from app.reports.dataset import dataset_version

router = APIRouter(tags=["costs"])

Shape = Literal["rows", "columns"]
Rows = list[dict[str, str | None]] | dict[str, list[str | None]]
Limit = Annotated[int, Query(ge=1, le=50_000, description="Rows in a page of JSON; files hold the whole answer")]
Cursor = Annotated[str | None, Query(description="The `next` of the page before")]


@report_route(router, "/costs", model=schemas.Costs)
def read_costs(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: AskedCostsDep,
    shape: Shape = "rows",
    limit: Limit = 5_000,
    cursor: Cursor = None,
) -> Response:
    """Costs from `start` up to, not including, `end`, one block per currency."""
    version = dataset_version(session)
    question = digest(asked, viewer)
    offset = offset_of(cursor, version=version, question=question)

    def as_json() -> object:
        return _Page(asked, offset, limit, shape).of(costs(session, viewer, asked.query), version, question)

    return respond(
        request,
        Answer(
            json=as_json,
            table=lambda: costs_table(costs(session, viewer, asked.query), asked.labels),
            version=(version, question, shape, limit, offset),
        ),
    )
