"""The findings inbox of the GPU page: a card that answers for itself, and what can be said to a finding."""

from datetime import date

from dash import Input, State
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.actions.gpu_findings import acknowledge_finding, exempt_finding, reopen_finding
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput
from app.reports.gpu_findings import FindingsQuestion, gpu_findings
from app.reports.teams import team_names
from frontend.answer import Question, answers, asking
from frontend.change import changed, told
from frontend.clock import today
from frontend.components.gpu_findings import findings_card
from frontend.gpu_view import GpuView

_CHOSEN = (State("finding-id", "value"), State("finding-reason", "value"))
_WORKING = "Keeping what you say …"


def findings_inbox(search: str) -> Component:
    """The place of the card."""
    return asking("gpu-findings", search=search)


@answers("gpu-findings")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """What stands, of the teams that the page is narrowed down to."""
    view = GpuView.from_search(question["search"])
    teams = {
        value
        for kept in view.filters
        if kept.dimension == "team" and not kept.exclude
        for value in kept.values
        if value
    }
    found = gpu_findings(session, viewer, FindingsQuestion(teams=teams))
    may_answer = viewer.may(Scope.WRITE_BUDGETS)
    return findings_card(found, view, team_names(session), may_answer=may_answer, told=told(question))


@changed("gpu-findings", Input("finding-acknowledge", "n_clicks"), *_CHOSEN, working=_WORKING)
def acknowledge(session: Session, viewer: Viewer, _question: Question, chosen: str | None, reason: str | None) -> str:
    """Says that somebody looks after it."""
    found = acknowledge_finding(session, viewer, _number(chosen), reason or None)
    return f"Finding {found.id} is acknowledged. It stays until telemetry shows that it is gone."


@changed(
    "gpu-findings",
    Input("finding-exempt", "n_clicks"),
    *_CHOSEN,
    State("finding-until", "value"),
    working=_WORKING,
)
def exempt(
    session: Session, viewer: Viewer, _question: Question, chosen: str | None, reason: str | None, until: str | None
) -> str:
    """Says that it is meant to be, for a reason and for a while."""
    if not until:
        raise BadInput("Say until when it is exempt; on that day it opens again.")
    last = date.fromisoformat(until)
    found = exempt_finding(session, viewer, _number(chosen), reason=reason or "", until=last, today=today())
    return f"Finding {found.id} is exempt until {last}."


@changed("gpu-findings", Input("finding-reopen", "n_clicks"), *_CHOSEN, working=_WORKING)
def reopen(session: Session, viewer: Viewer, _question: Question, chosen: str | None, _reason: str | None) -> str:
    """Takes back what was said."""
    return f"Finding {reopen_finding(session, viewer, _number(chosen)).id} is open again."


def _number(chosen: str | None) -> int:
    if not chosen:
        raise BadInput("Pick a finding first.")
    return int(chosen)
