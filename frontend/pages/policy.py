"""The policy: the document in force, and what another one would move before it is applied."""

import base64
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from app.actions.policy import apply_policy
from app.db.session import engine, read_session
from app.domain.period import Period
from app.domain.policy import PolicyError
from app.domain.policy_check import check
from app.domain.policy_document import parse_policy
from app.domain.viewer import Scope, Viewer
from app.errors import Conflict, NotFound, TrueupError
from app.exports.csv import csv_chunks
from app.exports.policy_moves import moves_table
from app.reports.closing import period_states
from app.reports.policy import PolicyInForce, policy
from app.reports.policy_preview import Move, policy_preview
from app.reports.visibility import sees_everything
from frontend.answer import Question, answers, asking, page
from frontend.callback import callback
from frontend.change import change_controls, changed, refusal, told
from frontend.components.figure import saved
from frontend.components.policy_document import document_card, problem_list, teams_card, warnings_card
from frontend.components.policy_moves import moves_cards
from frontend.components.statement_state import period_label
from frontend.state import query_string
from frontend.viewer import viewer
from frontend.words import METRICS

PATH = "/policy"
TITLE = "Policy"


@page
def layout(period: str | list[str] | None = None, **_params: Any) -> Component:
    """The question: for which months a preview is made."""
    asked = [period] if isinstance(period, str) else period or []
    months = [Period.parse_month(each).label for each in asked]
    return html.Div([html.H1("Policy"), asking("policy", periods=months)])


@answers("policy")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The policy in force, and for whoever may apply another the place to preview it."""
    try:
        found = policy(session, viewer)
    except NotFound:
        if not sees_everything(viewer):
            raise
        found = None
    nothing: Component = html.P("No policy is in force: all cost is unallocated.", className="subtitle")
    parts = _in_force(found) if found else [nothing]
    if viewer.may(Scope.WRITE_POLICY) and sees_everything(viewer):
        parts.insert(1, _workbench(session, viewer, question["periods"]))
    return html.Div([told(question), *parts])


def _in_force(found: PolicyInForce) -> list[Component]:
    applied = f"applied on {found.applied_at:%Y-%m-%d %H:%M} UTC by {found.applied_by}"
    drawn = f"Statements are drawn on {METRICS[found.statement_metric].lower()}."
    subtitle = html.P([html.Strong(found.name), f", version {found.version}, {applied}. {drawn}"], className="subtitle")
    try:
        parsed = parse_policy(found.document)
    except PolicyError as error:  # an older release may have taken what this one refuses
        return [subtitle, _unusable(error, found.document), document_card(found.document)]
    return [
        subtitle,
        warnings_card(check(parsed), found.document),
        teams_card(parsed),
        document_card(found.document),
    ]


def _unusable(error: PolicyError, document: str) -> Component:
    count = len(error.problems)
    title = "It cannot be used: 1 problem" if count == 1 else f"It cannot be used: {count} problems"
    return html.Section([html.H4(title), problem_list(error.problems, document)], className="part reasons")


def _workbench(session: Session, viewer: Viewer, chosen: Sequence[str]) -> Component:
    """Where another document is put, for which months it is previewed, and what comes of it."""
    months = {
        f"{start:%Y-%m}": period_label(Period.month_of(start), state)
        for start, state in period_states(session, viewer).items()
    }
    question = "What would another policy move?"
    controls = [
        dmc.Textarea(
            id="policy-draft",
            label="Another document, in YAML",
            autosize=True,
            minRows=4,
            maxRows=18,
            size="xs",
            classNames={"input": "code"},
        ),
        dmc.Button("Start from the one in force", id="policy-copy", variant="default", size="xs"),
        dcc.Upload(html.Span("Take it from a file", className="action"), id="policy-file", className="upload"),
        dmc.MultiSelect(
            id="policy-periods",
            label="Billing periods",
            data=[{"value": value, "label": label} for value, label in months.items()],
            value=list(chosen) or list(months)[:1],
            size="xs",
            miw=240,
            openOnFocus=False,
        ),
        dmc.Button("Preview", id="policy-preview-button", size="xs"),
        html.Div(id="policy-preview"),
    ]
    head = html.Div(html.H3(question), className="card-head")
    # Without a redraw, which would take away what was typed.
    where = dcc.Location(id="policy-url", refresh=False)
    return html.Section([where, head, change_controls("policy", *controls)], className="card workbench")


@callback(Output("policy-url", "search"), Input("policy-periods", "value"), prevent_initial_call=True)
def remember_periods(periods: list[str]) -> str:
    """The URL with the months that were picked."""
    return "?" + query_string(("period", each) for each in periods)


@callback(
    Output("policy-draft", "value", allow_duplicate=True), Input("policy-copy", "n_clicks"), prevent_initial_call=True
)
def take_policy_in_force(clicks: int | None) -> str:
    """The document in force, to be changed."""
    if not clicks:
        raise PreventUpdate
    with read_session() as session:
        return policy(session, viewer()).document


@callback(
    Output("policy-draft", "value", allow_duplicate=True), Input("policy-file", "contents"), prevent_initial_call=True
)
def take_file(contents: str | None) -> str:
    """The text of the file that was picked."""
    if not contents:
        raise PreventUpdate
    return base64.b64decode(contents.partition(",")[2]).decode("utf-8-sig", errors="replace")


@callback(
    Output("policy-preview", "children"),
    Input("policy-preview-button", "n_clicks"),
    State("policy-draft", "value"),
    State("policy-periods", "value"),
    running=[
        (Output("policy-changes", "disabled"), True, False),
        (Output("policy-working", "children"), "Working out what would move …", ""),
    ],
    prevent_initial_call=True,
    on_error=refusal,
)
def preview(clicks: int | None, document: str | None, periods: list[str]) -> Component:
    """What the document would move, or everything that is wrong with it."""
    if not clicks:
        raise PreventUpdate
    if not (document or "").strip():
        return html.P("Put a policy document above first.", className="refusal")
    assert document is not None
    try:
        return _previewed(viewer(), document, periods)
    except PolicyError as error:
        return _unusable(error, document)
    except TrueupError as error:
        return refusal(error)


def _previewed(asking: Viewer, document: str, periods: Sequence[str]) -> Component:
    with read_session() as session:
        states = {f"{start:%Y-%m}": state for start, state in period_states(session, asking).items()}
        version = _version(session, asking)
    months = [Period.parse_month(each) for each in periods]
    moves = policy_preview(engine(), asking, document, *months) if states else ()
    warnings = check(parse_policy(document))
    count = "1 warning" if len(warnings) == 1 else f"{len(warnings)} warnings"
    odd = [html.Details([html.Summary(count), problem_list(warnings, document)])] if warnings else []
    return html.Div(
        [
            html.P(_summary(moves), className="verdict", role="status"),
            *odd,
            *moves_cards(moves, states),
            html.Div(saved("Preview as CSV", "policy-preview.csv", _csv(moves), "text/csv"), className="links"),
            dcc.Store(id="policy-previewed", data={"document": document, "version": version}),
            dmc.Button("Apply this policy", id="policy-apply", size="xs", color="red", mt="md"),
        ]
    )


def _csv(moves: Sequence[Move]) -> str:
    return b"".join(csv_chunks(moves_table(moves))).decode()


def _summary(moves: Sequence[Move]) -> str:
    teams = {move.team_id for move in moves if move.change}
    if not teams:
        return "It can be used, and moves nothing in these months."
    count = "1 team" if len(teams) == 1 else f"{len(teams)} teams, the unallocated among them," if None in teams else (
        f"{len(teams)} teams")  # fmt: skip
    return f"It can be used. It moves what {count} would owe; nothing is applied yet."


def _version(session: Session, asking: Viewer) -> int:
    """The version in force; 0 before there is one."""
    try:
        return policy(session, asking).version
    except NotFound:
        return 0


@changed(
    "policy",
    Input("policy-apply", "n_clicks"),
    State("policy-previewed", "data"),
    State("policy-draft", "value"),
    working="Applying: every billing period is posted anew …",
)
def apply(session: Session, asking: Viewer, _question: Question, previewed: dict[str, Any], draft: str) -> str:
    """Puts what was previewed in force. Raises Conflict when text or policy in force are others by now."""
    if draft != previewed["document"]:
        raise Conflict("The document has changed since the preview. Preview it again, then apply it.")
    if _version(session, asking) != previewed["version"]:
        raise Conflict("Another policy was applied since the preview. Preview it again, then apply it.")
    done = apply_policy(session, asking, previewed["document"])
    return f"Version {done.id} of the policy is in force." if done else "It is in force already; nothing was changed."
