"""Chargeback: what teams owe for a billing month."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from app.api import schemas
from app.api.answers import Answer, rendered, report_route, respond
from app.api.cursors import digest
from app.api.deps import MonthDep, SessionDep, ViewerDep
from app.domain.charge import Metric
from app.domain.statement import StatementState
from app.exports.tables import chargeback_table, statement_table
from app.reports.chargeback import ChargebackReport, chargeback
from app.reports.closing import period_states
from app.reports.dataset import dataset_version
from app.reports.team_statement import TeamStatement, team_statement

router = APIRouter(prefix="/chargeback", tags=["chargeback"])

StatementMetric = Annotated[
    Metric | None, Query(description="The cost a statement is drawn on; without it, the one the policy says")
]
State = Annotated[
    StatementState | None,
    Query(
        description="Of the month's statement; without it the closed one answers, else the issued one, else the draft"
    ),
]
TeamId = Annotated[str, Path(description="A team's id")]


@router.get("/periods", response_model=schemas.BillingPeriods)
def read_periods(session: SessionDep, viewer: ViewerDep) -> Response:
    """The billing months that have figures, and how far each has come."""
    states = {f"{start:%Y-%m}": state for start, state in period_states(session, viewer).items()}
    return Response(rendered({"periods": list(states), "states": states}), media_type="application/json")


@report_route(router, "/{month}/teams/{team}", model=TeamStatement)
def read_statement(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    period: MonthDep,
    team: TeamId,
    metric: StatementMetric = None,
    state: State = None,
) -> Response:
    """What one team owes for a billing month, by service, and the twelve months before."""
    statement = team_statement(session, viewer, period, team, metric, state=state)
    version = (dataset_version(session), digest("statement", period, team, metric, state, viewer.fingerprint))
    return respond(request, Answer(lambda: statement, lambda: statement_table(statement, team), version=version))


@report_route(router, "/{month}", model=ChargebackReport)
def read_chargeback(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    period: MonthDep,
    metric: StatementMetric = None,
    state: State = None,
) -> Response:
    """What each team owes for a billing month: direct, shared by origin, and the change against the month before."""
    version = (dataset_version(session), digest("chargeback", period, metric, state, viewer.fingerprint))
    return respond(
        request,
        Answer(
            json=lambda: chargeback(session, viewer, period, metric, state),
            table=lambda: chargeback_table(chargeback(session, viewer, period, metric, state)),
            version=version,
        ),
    )
