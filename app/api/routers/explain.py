"""What any figure is made of: charge keys, rules, shares, and the rows of archived bills."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from app.api import cursors
from app.api.answers import Answer, report_route, respond
from app.api.cost_pages import Page, line_item
from app.api.deps import SessionDep, ViewerDep
from app.api.questions import Filters, asked_costs
from app.domain.charge import Axis, Metric
from app.domain.figure import figure_from
from app.domain.statement import CostType, StatementState
from app.errors import BadInput
from app.exports.explain import every_source_row, explanation_table, source_rows_table, whole_explanation
from app.exports.table import Table
from app.reports.dataset import dataset_version
from app.reports.explain import Explanation, explain
from app.reports.explain_rows import ArchivedBill, source_rows
from app.reports.explain_words import sentence
from app.reports.figure_ground import Asked, CostFigure

router = APIRouter(prefix="/explain", tags=["explain"])

Cursor = Annotated[str | None, Query(description="The `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Leaves in a page of JSON; a file holds all")]
RowLimit = Annotated[int, Query(ge=1, le=1_000, description="Rows in a page of JSON; a file holds all")]
Having = Annotated[str | None, Query(description="Only what has this; empty: only what has none")]


class ExplanationPage(BaseModel):
    """A figure with a page of its leaves, largest first; `rest` of the explanation is what is on no page but this."""

    sentence: str
    explanation: Explanation
    next: str | None


class SourceRowPage(BaseModel):
    """A page of the rows of bills behind a leaf; `amount` and `total_rows` are of all of them."""

    charge_key: int
    dimensions: dict[str, str]
    metric: Metric
    currency: str
    amount: str
    total_rows: int
    bills: list[ArchivedBill]
    items: list[dict[str, str | int | None]]
    next: str | None


@dataclass(frozen=True)
class _StatementParameters:
    """What names a figure of a billing period, as the URL has it; None was not asked for."""

    period: Annotated[str | None, Query(description="The billing period, YYYY-MM", examples=["2026-03"])] = None
    currency: Having = None
    team: Annotated[str | None, Query(description="A team's id; empty: the unallocated cost")] = None
    cost_type: Annotated[CostType | None, Query(description="The kind of a statement line")] = None
    pool: Having = None
    service_provider_name: Having = None
    service_name: Having = None
    invoice_issuer_name: Having = None
    invoice_id: Having = None
    unit: Having = None
    adjusts_period: Annotated[str | None, Query(description="The closed billing period that lines correct")] = None
    state: Annotated[StatementState | None, Query(description="Without it, the statement that binds")] = None


def asked_figure(
    *,
    of_statement: Annotated[_StatementParameters, Depends()],
    start: Annotated[str | None, Query(description="The first day of use, YYYY-MM-DD")] = None,
    end: Annotated[str | None, Query(description="The first day that is no longer meant")] = None,
    metric: Annotated[Metric | None, Query(description="Without it, the statement's; effective cost by days")] = None,
    axis: Annotated[Axis, Query(description="Without a period: what start and end are of")] = Axis.CHARGE,
    filters: Filters = None,
) -> Asked:
    """The figure that a URL names: of a billing period with `period`, else of costs with `start` and `end`.

    Raises BadInput when it names none.
    """
    if of_statement.period is not None:
        if filters:
            raise BadInput("A figure of a billing period has no filters. Use team, service_name and the like.")
        given = {**vars(of_statement), "start": start, "end": end, "metric": metric}
        return figure_from({name: str(value) for name, value in given.items() if value is not None})
    if start is None or end is None:
        raise BadInput("Name a figure: period=2026-03 and what narrows it down, or start and end and filters.")
    asked = asked_costs(start=start, end=end, axis=axis, metric=metric or Metric.EFFECTIVE, filters=filters)
    return CostFigure(asked.query, of_statement.currency)


AskedDep = Annotated[Asked, Depends(asked_figure)]


@report_route(router, "", model=ExplanationPage)
def read_explanation(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: AskedDep,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """A figure as its leaves: charge keys × the rule that owns them × the share that is paid, which add up to it."""
    version, question = dataset_version(session), cursors.digest("explain", asked, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        found = explain(session, viewer, asked, limit=page.limit, offset=page.offset)
        more = found.leaf_count > page.end
        return {
            "sentence": sentence(found),
            "explanation": found,
            "next": cursors.cursor(page.end, version=version, question=question) if more else None,
        }

    def as_table() -> Table:
        return explanation_table(whole_explanation(session, viewer, asked))

    return respond(request, Answer(as_json, as_table))


@report_route(router, "/rows", model=SourceRowPage)
def read_source_rows(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    asked: AskedDep,
    charge_key: Annotated[int, Query(description="The charge key of a leaf", ge=1, le=2**63 - 1)],
    limit: RowLimit = 100,
    cursor: Cursor = None,
) -> Response:
    """The rows of the archived bills behind one leaf of a figure, with their files and row numbers."""
    version, question = dataset_version(session), cursors.digest("rows", asked, charge_key, viewer.fingerprint)
    page = Page(cursors.offset_of(cursor, version=version, question=question), limit)

    def as_json() -> object:
        found = source_rows(session, viewer, asked, charge_key, limit=page.limit, offset=page.offset)
        more = found.total_rows > page.end
        return {
            "charge_key": found.charge_key,
            "dimensions": found.dimensions,
            "metric": found.metric,
            "currency": found.currency,
            "amount": found.amount,
            "total_rows": found.total_rows,
            "bills": found.bills,
            "items": [line_item(item) for item in found.items],
            "next": cursors.cursor(page.end, version=version, question=question) if more else None,
        }

    def as_table() -> Table:
        return source_rows_table(every_source_row(session, viewer, asked, charge_key))

    return respond(request, Answer(as_json, as_table))
