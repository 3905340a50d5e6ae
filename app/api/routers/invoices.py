"""Invoices: what they come to, and whether the bills add up to them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import Field, TypeAdapter, ValidationError

from app.actions.invoices import ImportedInvoices, add_invoices, import_invoices
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.cursors import cursor_after, entry_before
from app.api.deps import SessionDep, ViewerDep, WriteSessionDep
from app.domain.period import Period
from app.errors import BadInput
from app.exports.invoices import invoices_table, reconciliation_table
from app.reports.invoices import ReconciliationReport, invoices, reconciliation

router = APIRouter(prefix="/invoices", tags=["ingest"])

_ITEMS: TypeAdapter[list[schemas.InvoiceIn]] = TypeAdapter(Annotated[list[schemas.InvoiceIn], Field(min_length=1)])
_NAME = "API upload"  # where a figure came from that came in no file
# FastAPI describes one type of body; this route takes two.
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "description": "A line for each invoice, or FOCUS 1.4 Invoice Detail"}
            },
            "application/json": {
                "schema": {"type": "array", "minItems": 1, "items": schemas.InvoiceIn.model_json_schema()}
            },
        },
    }
}


def billing_month(
    period: Annotated[str | None, Query(description="A billing month, YYYY-MM; all when left out")] = None,
) -> Period | None:
    """The billing month that is asked for."""
    return Period.parse_month(period) if period else None


async def body(request: Request) -> bytes:
    """The body as it came."""
    return await request.body()


PeriodDep = Annotated[Period | None, Depends(billing_month)]
BodyDep = Annotated[bytes, Depends(body)]


@report_route(router, "/reconciliation", model=ReconciliationReport)
def read_reconciliation(request: Request, session: SessionDep, viewer: ViewerDep, period: PeriodDep) -> Response:
    """Whether each bill ties to its invoice: every invoice and every live charge, each in exactly one line."""
    report = reconciliation(session, viewer, period)
    return respond(request, Answer(lambda: report, lambda: reconciliation_table(report)))


@report_route(router, "", model=schemas.Invoices)
def read_invoices(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    period: PeriodDep,
    superseded: Annotated[bool, Query(description="Corrected and withdrawn figures as well")] = False,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Invoices, newest first. A file holds one page, as JSON does."""
    found = invoices(session, viewer, period, superseded=superseded, before=entry_before(cursor), limit=limit)
    page = {"invoices": found, "next": cursor_after([each.id for each in found], limit)}
    return respond(request, Answer(lambda: page, lambda: invoices_table(found)))


@router.post("", response_model=schemas.InvoicesImported, openapi_extra=_BODY)
def post_invoices(request: Request, session: WriteSessionDep, viewer: ViewerDep, document: BodyDep) -> Response:
    """Takes in totals of invoices, as CSV or as a list in JSON: all of them, or none when one cannot be read."""
    imported = _imported(request, session, viewer, document)
    counts = {
        "totals": imported.totals,
        "new": len(imported.new),
        "corrected": len(imported.corrected),
        "withdrawn": len(imported.withdrawn),
        "unchanged": imported.unchanged,
    }
    return Response(rendered(counts), media_type="application/json")


def _imported(request: Request, session: WriteSessionDep, viewer: ViewerDep, document: bytes) -> ImportedInvoices:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        return import_invoices(session, viewer, _text(document), _NAME)
    try:
        items = _ITEMS.validate_json(document)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error
    return add_invoices(session, viewer, [each.model_dump() for each in items], _NAME)


def _text(document: bytes) -> str:
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"The file of invoices is not UTF-8 ({error}). Save it as UTF-8.") from error
