"""The end of a billing period: what ties its chargeback to its invoices, and the journal for the general ledger."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.api.answers import Answer, report_route, respond
from app.api.deps import MonthDep, SessionDep, ViewerDep
from app.exports.journal import journal_table
from app.exports.journal_layouts import Layout
from app.exports.period_reconciliation import period_reconciliation_table
from app.reports.journal import JournalReport, journal
from app.reports.period_reconciliation import PeriodReconciliation, period_reconciliation

router = APIRouter(prefix="/chargeback", tags=["chargeback"])


@report_route(router, "/{month}/reconciliation", model=PeriodReconciliation)
def read_reconciliation(request: Request, session: SessionDep, viewer: ViewerDep, period: MonthDep) -> Response:
    """From what teams owe to what is invoiced: three sums of named lines for each currency, and the prepayments."""
    report = period_reconciliation(session, viewer, period)
    return respond(request, Answer(lambda: report, lambda: period_reconciliation_table(report)))


@report_route(router, "/{month}/journal", model=JournalReport)
def read_journal(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    period: MonthDep,
    layout: Annotated[Layout, Query(description="Whose columns a file has; JSON is the same in each")] = Layout.GENERIC,
) -> Response:
    """The chargeback as double entry, balanced to the minor unit of each currency."""
    report = journal(session, viewer, period)
    return respond(request, Answer(lambda: report, lambda: journal_table(report, layout)))
