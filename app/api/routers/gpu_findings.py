"""GPU findings: waste that somebody can do something about, and what is said to it."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.actions.gpu_findings import acknowledge_finding, exempt_finding, reopen_finding
from app.api.answers import Answer, rendered, report_route, respond
from app.api.deps import NowDep, SessionDep, ViewerDep, WriteSessionDep
from app.domain.gpu.findings.state import STANDING
from app.errors import BadInput
from app.exports.gpu_findings import gpu_findings_table
from app.reports.gpu_findings import FindingRow, FindingsQuestion, gpu_findings

router = APIRouter(prefix="/gpu/findings", tags=["gpu"])
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Chosen = Annotated[list[str] | None, Query(description="only these; repeat it for more")]


class FindingsOut(BaseModel):
    """Findings, those with the most to recover first."""

    findings: list[FindingRow]


class AnswerKind(StrEnum):
    """What is said to a finding."""

    ACKNOWLEDGE = "acknowledge"
    EXEMPT = "exempt"
    REOPEN = "reopen"


class FindingAnswer(BaseModel):
    """What somebody says to a finding; an exemption needs a reason and the day on which it ends."""

    answer: AnswerKind
    reason: str | None = Field(None, max_length=2000)
    until: date | None = None


class FindingAnswered(BaseModel):
    """A finding after an answer."""

    id: int
    state: str
    reason: str | None
    exempt_until: date | None
    changed_by: str | None


@report_route(router, "", model=FindingsOut)
def read_findings(
    *,
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    state: Annotated[list[str] | None, Query(description="left out: all that are not resolved")] = None,
    rule: Chosen = None,
    team: Chosen = None,
) -> Response:
    """What rules find in the last two weeks of telemetry and waste, with evidence, amounts and what to do."""
    question = FindingsQuestion(state or STANDING, rule or (), team or ())
    found = gpu_findings(session, viewer, question)
    return respond(request, Answer(lambda: {"findings": list(found)}, lambda: gpu_findings_table(found)))


@router.post("/{finding_id}", response_model=FindingAnswered)
def answer_finding(
    session: WriteSessionDep, viewer: ViewerDep, now: NowDep, finding_id: Number, said: FindingAnswer
) -> Response:
    """Acknowledges a finding, exempts it up to a day with a reason, or opens it again. Needs `write:budgets`."""
    if said.answer is AnswerKind.ACKNOWLEDGE:
        finding = acknowledge_finding(session, viewer, finding_id, said.reason)
    elif said.answer is AnswerKind.REOPEN:
        finding = reopen_finding(session, viewer, finding_id)
    elif said.until is None:
        raise BadInput("An exemption needs `until`, the day on which it ends.")
    else:
        until, reason = said.until, said.reason or ""
        finding = exempt_finding(session, viewer, finding_id, reason=reason, until=until, today=now.date())
    kept = {name: getattr(finding, name) for name in FindingAnswered.model_fields}
    return Response(rendered(kept), media_type="application/json")
