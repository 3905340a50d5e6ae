"""Budgets: what teams mean to spend, beside what they owe."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import Field, TypeAdapter, ValidationError

from app.actions.budgets import SetBudgets, import_budgets, set_budgets
from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import NowDep, SessionDep, ViewerDep, WriteSessionDep
from app.api.routers.invoices import BodyDep
from app.domain.period import Period
from app.errors import BadInput
from app.exports.budgets import budgets_table
from app.reports.budgets import BudgetReport, budgets

router = APIRouter(prefix="/budgets", tags=["chargeback"])

_ITEMS: TypeAdapter[list[schemas.BudgetIn]] = TypeAdapter(Annotated[list[schemas.BudgetIn], Field(min_length=1)])
_NAME = "API upload"
# FastAPI describes one type of body; this route takes two.
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string", "description": "A line for each budget"}},
            "application/json": {
                "schema": {"type": "array", "minItems": 1, "items": schemas.BudgetIn.model_json_schema()}
            },
        },
    }
}


@report_route(router, "", model=BudgetReport)
def read_budgets(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    now: NowDep,
    period: Annotated[str, Query(description="A billing month, YYYY-MM", examples=["2026-03"])],
    team: Annotated[str | None, Query(description="A team's id")] = None,
) -> Response:
    """Budgets of a billing month, and what is owed against them by each team with the teams below it."""
    report = budgets(session, viewer, Period.parse_month(period), today=now.date(), team_id=team)
    return respond(request, Answer(lambda: report, lambda: budgets_table(report)))


@router.put("", response_model=schemas.BudgetsSet, openapi_extra=_BODY)
def put_budgets(request: Request, session: WriteSessionDep, viewer: ViewerDep, document: BodyDep) -> Response:
    """Sets budgets, as CSV or as a list in JSON: all of them, or none when one cannot be used."""
    done = _set(request, session, viewer, document)
    counts = {"budgets": len(done.budgets), "new": done.new, "changed": done.changed, "unchanged": done.unchanged}
    return Response(rendered(counts), media_type="application/json")


def _set(request: Request, session: WriteSessionDep, viewer: ViewerDep, document: bytes) -> SetBudgets:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        return import_budgets(session, viewer, _text(document), _NAME)
    try:
        items = _ITEMS.validate_json(document)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error
    return set_budgets(session, viewer, [each.model_dump() for each in items], _NAME)


def _text(document: bytes) -> str:
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"The file of budgets is not UTF-8 ({error}). Save it as UTF-8.") from error
