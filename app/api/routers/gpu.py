"""GPUs: where paid time went, what telemetry says, which boards there are."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api import cursors, gpu_schemas
from app.api.answers import Answer, report_route, respond
from app.api.cost_pages import Page
from app.api.deps import SessionDep, ViewerDep
from app.api.gpu_pages import board_rows, utilization_rows, waste_blocks
from app.api.gpu_questions import BoardsDep, HeatDep, UtilizationDep, WasteDep
from app.exports.gpu import gpu_boards_table, gpu_heat_table, gpu_utilization_table, gpu_waste_table
from app.reports.dataset import dataset_version
from app.reports.gpu_boards import gpu_boards
from app.reports.gpu_heat import gpu_heat
from app.reports.gpu_utilization import gpu_utilization
from app.reports.gpu_waste import gpu_waste

router = APIRouter(prefix="/gpu", tags=["gpu"])

Cursor = Annotated[str | None, Query(description="The `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=50_000, description="Rows in a page of JSON; a file holds the whole answer")]


@report_route(router, "/waste", model=gpu_schemas.Waste)
def read_waste(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: WasteDep,
    limit: Limit = 5_000,
    cursor: Cursor = None,
) -> Response:
    """Where every paid GPU-minute went: the eleven states add up to the GPU part of the bill."""
    version, question = dataset_version(session), cursors.digest("gpu waste", asked, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        report = gpu_waste(session, viewer, asked)
        count = sum(len(block.rows) for block in report.blocks)
        return {
            "meta": {"start": asked.start, "end": asked.end, "axis": asked.axis, "group_by": list(asked.group_by)},
            "blocks": waste_blocks(report, page),
            "next": _next(page, count, version, question),
        }

    table = lambda: gpu_waste_table(gpu_waste(session, viewer, asked))  # noqa: E731
    return respond(request, Answer(as_json, table, version=(version, question, page)))


@report_route(router, "/utilization", model=gpu_schemas.Utilization)
def read_utilization(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: UtilizationDep,
    limit: Limit = 5_000,
    cursor: Cursor = None,
) -> Response:
    """What telemetry says: averages weighted by observed minutes, coverage, and the metric activity was read from."""
    version, question = dataset_version(session), cursors.digest("gpu utilization", asked, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        report = gpu_utilization(session, viewer, asked)
        meta = {"start": asked.start, "end": asked.end, "granularity": asked.granularity}
        return {
            "meta": {**meta, "group_by": list(asked.group_by)},
            "rows": utilization_rows(report, page),
            "next": _next(page, len(report.rows), version, question),
        }

    table = lambda: gpu_utilization_table(gpu_utilization(session, viewer, asked))  # noqa: E731
    return respond(request, Answer(as_json, table, version=(version, question, page)))


@report_route(router, "/boards", model=gpu_schemas.Boards)
def read_boards(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: BoardsDep,
    limit: Limit = 5_000,
    cursor: Cursor = None,
) -> Response:
    """Each board: node, model, paid hours by state, cost, and who had it last."""
    version, question = dataset_version(session), cursors.digest("gpu boards", asked, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        boards = gpu_boards(session, viewer, asked)
        return {"boards": board_rows(boards, page), "next": _next(page, len(boards), version, question)}

    table = lambda: gpu_boards_table(gpu_boards(session, viewer, asked))  # noqa: E731
    return respond(request, Answer(as_json, table, version=(version, question, page)))


@report_route(router, "/heat", model=gpu_schemas.Heat)
def read_heat(request: Request, session: SessionDep, viewer: ViewerDep, asked: HeatDep) -> Response:
    """Boards × hours, binned to at most `cells` cells; a board's row becomes its node's where there are many."""
    version = (dataset_version(session), cursors.digest("gpu heat", asked, viewer.fingerprint))
    return respond(
        request,
        Answer(
            json=lambda: gpu_heat(session, viewer, asked),
            table=lambda: gpu_heat_table(gpu_heat(session, viewer, asked)),
            version=version,
        ),
    )


def _next(page: Page, count: int, version: int, question: str) -> str | None:
    return cursors.cursor(page.end, version=version, question=question) if count > page.end else None
