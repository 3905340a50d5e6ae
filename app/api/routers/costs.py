"""Costs: by any dimension and over time, and the line items under them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api import cursors, schemas
from app.api.answers import Answer, report_route, respond
from app.api.cost_pages import Page, Shape, cost_blocks, line_item, meta
from app.api.deps import SessionDep, ViewerDep
from app.api.questions import AskedCostsDep
from app.exports.line_items import all_line_items, line_items_table
from app.exports.table import Table
from app.exports.tables import costs_table
from app.reports.costs import costs
from app.reports.dataset import dataset_version
from app.reports.line_items import line_items

router = APIRouter(tags=["costs"])

Cursor = Annotated[str | None, Query(description="The `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=50_000, description="Rows in a page of JSON; a file holds the whole answer")]
ItemLimit = Annotated[int, Query(ge=1, le=1_000, description="Items in a page of JSON")]


@report_route(router, "/costs", model=schemas.Costs)
def read_costs(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: AskedCostsDep,
    shape: Shape = "rows",
    limit: Limit = 5_000,
    cursor: Cursor = None,
) -> Response:
    """Costs from `start` up to, not including, `end`, one block per currency."""
    version, question = dataset_version(session), cursors.digest(asked, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        report = costs(session, viewer, asked.query)
        more = sum(len(block.rows) for block in report.blocks) > page.end
        return {
            "meta": meta(asked),
            "blocks": cost_blocks(report, asked.labels, page, shape),
            "next": cursors.cursor(page.end, version=version, question=question) if more else None,
        }

    def as_table() -> Table:
        return costs_table(costs(session, viewer, asked.query), asked.labels)

    return respond(request, Answer(as_json, as_table, version=(version, question, shape, page)))


@report_route(router, "/costs/detail", model=schemas.LineItems)
def read_line_items(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: AskedCostsDep,
    limit: ItemLimit = 100,
    cursor: Cursor = None,
) -> Response:
    """The line items of the bill that make up a figure; `group_by` and `granularity` do not matter to them."""
    version, question = dataset_version(session), cursors.digest("detail", asked, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        report = line_items(session, viewer, asked.query, limit=page.limit, offset=page.offset)
        more = report.total_rows > page.end
        return {
            "meta": meta(asked),
            "total_rows": report.total_rows,
            "totals": [{"currency": currency, "amount": amount} for currency, amount in report.totals.items()],
            "items": [line_item(item) for item in report.items],
            "next": cursors.cursor(page.end, version=version, question=question) if more else None,
        }

    def as_table() -> Table:
        return line_items_table(all_line_items(session, viewer, asked.query))

    return respond(request, Answer(as_json, as_table, version=(version, question, page)))
