"""Rates between currencies, and a billing period beside another in the reporting currency."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import Field, TypeAdapter, ValidationError

from app.actions.fx import ImportedRates, add_rates, import_rates
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.cursors import cursor_after, entry_before
from app.api.deps import MonthDep, NowDep, SessionDep, ViewerDep, WriteSessionDep
from app.api.questions import parse_day
from app.api.routers.invoices import BodyDep
from app.domain.charge import Metric
from app.domain.fx import WantedRates
from app.domain.period import Period
from app.domain.policy import FxMethod
from app.errors import BadInput
from app.exports.fx import comparison_table, rates_table
from app.reports.currency_comparison import CurrencyComparison, currency_comparison
from app.reports.fx import fx_rates

router = APIRouter(tags=["costs"])

_ITEMS: TypeAdapter[list[schemas.RateIn]] = TypeAdapter(Annotated[list[schemas.RateIn], Field(min_length=1)])
_NAME = "API upload"  # where a rate came from that came in no file
# FastAPI describes one type of body; this route takes two.
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string", "description": "Rates as the ECB has them, or plain"}},
            "application/json": {
                "schema": {"type": "array", "minItems": 1, "items": schemas.RateIn.model_json_schema()}
            },
        },
    }
}
Currency = Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]
Day = Annotated[str | None, Query(description="YYYY-MM-DD, or YYYY-MM for the first day of a month")]


@report_route(router, "/fx", model=schemas.Rates)
def read_rates(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    base: Currency = None,
    quote: Currency = None,
    start: Day = None,
    end: Annotated[str | None, Query(description="The first day that is no longer meant; written like start")] = None,
    superseded: Annotated[bool, Query(description="Corrected rates as well")] = False,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    cursor: Annotated[str | None, Query(description="The `next` of the page before")] = None,
) -> Response:
    """Rates between currencies, those imported last first. A file holds one page, as JSON does."""
    days = [parse_day(day) if day else None for day in (start, end)]
    wanted = WantedRates(base, quote, days[0], days[1], superseded)
    found = fx_rates(session, viewer, wanted, before=entry_before(cursor), limit=limit)
    page = {"rates": found, "next": cursor_after([each.id for each in found], limit)}
    return respond(request, Answer(lambda: page, lambda: rates_table(found)))


@router.post("/fx", response_model=schemas.RatesImported, openapi_extra=_BODY)
def write_rates(request: Request, session: WriteSessionDep, viewer: ViewerDep, document: BodyDep) -> Response:
    """Takes in rates, as CSV or as a list in JSON: all of them, or none when one cannot be read."""
    imported = _imported(request, session, viewer, document)
    counts = {
        "rates": imported.rates,
        "new": imported.new,
        "corrected": len(imported.corrected),
        "unchanged": imported.unchanged,
    }
    return Response(rendered(counts), media_type="application/json")


@report_route(router, "/chargeback/{month}/comparison", model=CurrencyComparison)
def read_comparison(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    now: NowDep,
    month: MonthDep,
    compared_with: Annotated[str, Query(alias="with", description="Another billing month", examples=["2026-02"])],
    currency: Currency = None,
    method: FxMethod | None = None,
    metric: Metric | None = None,
) -> Response:
    """A billing month beside another in the reporting currency, with the effect of exchange rates apart."""
    report = currency_comparison(
        session,
        viewer,
        month,
        Period.parse_month(compared_with),
        today=now.date(),
        currency=currency,
        method=method,
        metric=metric,
    )
    return respond(request, Answer(lambda: report, lambda: comparison_table(report)))


def _imported(request: Request, session: WriteSessionDep, viewer: ViewerDep, document: bytes) -> ImportedRates:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        return import_rates(session, viewer, _text(document), _NAME)
    try:
        items = _ITEMS.validate_json(document)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error
    return add_rates(session, viewer, [each.model_dump() for each in items], _NAME)


def _text(document: bytes) -> str:
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"The file of rates is not UTF-8 ({error}). Save it as UTF-8.") from error
