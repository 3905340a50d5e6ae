"""What was said about a team's statement, and the form to say something. All of it is text, never markup."""

import json
from collections.abc import Sequence
from datetime import UTC

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.domain.comment import LONGEST, Commented
from app.domain.statement import CostType
from app.errors import BadInput
from app.reports.comments import CommentableLine, CommentRow, CommentsReport
from frontend.change import change_controls
from frontend.components.attributes import labelled
from frontend.components.figure import download
from frontend.state import query_string
from frontend.words import COST_TYPES


def comments_panel(report: CommentsReport, team_id: str, lines: Sequence[CommentableLine]) -> Component:
    """The comments on a team's month, oldest first, and a form if there is something to comment."""
    month = report.period.label
    question = f"What was said about {month}?"
    file = f"/api/v1/chargeback/{month}/comments.csv?{query_string([('team', team_id)])}"
    links = [html.Div(download("CSV", file), className="links")] if report.comments else []
    head = html.Div([html.H3(question), *links], className="card-head")
    items = [_item(each) for each in report.comments]
    said = html.Ol(items, className="comments") if items else html.P("Nothing yet.", className="quiet")
    form = [_form(lines)] if lines else []
    return html.Section([head, said, *form], className="card", **labelled(question))


def option_of(on: Commented) -> str:
    """What can be commented, as a value of the form; `commented` reads it."""
    return json.dumps([on.billing_currency, on.cost_type, on.pool_id, on.service_name])


def commented(value: str, whole: Commented) -> Commented:
    """What the form's `value` is on, in the team and month of `whole`. Raises BadInput where it is nothing of ours."""
    try:
        currency, cost_type, pool_id, service_name = json.loads(value)
        kind = CostType(cost_type) if cost_type is not None else None
    except (ValueError, TypeError):
        raise BadInput("Pick what the comment is on.") from None
    return Commented(whole.billing_period_start, whole.team_id, currency, kind, pool_id, service_name)


def _item(row: CommentRow) -> Component:
    when = html.Time(f"{row.written_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", dateTime=row.written_at.isoformat())
    on = _on(row.billing_currency, row.cost_type, row.pool_name, row.service_name)
    gone = "" if row.in_statement else "; the statement has no such line any more"
    head = html.P([html.Strong(row.author, dir="auto"), " · ", when, f" · {on}{gone}"], className="quiet")
    return html.Li([head, html.P(row.text, className="comment-text", dir="auto")])


def _on(currency: str, cost_type: CostType | None, pool: str | None, service: str | None) -> str:
    if cost_type is None:
        return f"Statement in {currency}"
    names = [COST_TYPES[cost_type], *([pool] if pool else []), service or "no service"]
    return f"{': '.join(names)}, in {currency}"


def _form(lines: Sequence[CommentableLine]) -> Component:
    options = [
        {
            "value": option_of(each.on),
            "label": _on(each.on.billing_currency, each.on.cost_type, each.pool_name, each.on.service_name),
        }
        for each in lines
    ]
    return change_controls(
        "comments",
        _line(
            dmc.Select(
                id="comment-line",
                label="What is it on?",
                data=options,
                value=options[0]["value"],
                allowDeselect=False,
                searchable=True,
                limit=200,
                openOnFocus=False,
                size="xs",
                maw=640,
            )
        ),
        _line(
            dmc.Textarea(
                id="comment-text",
                label="Comment",
                description=f"Plain text, up to {LONGEST:,} characters, kept with your name. It cannot be changed.",
                autosize=True,
                minRows=2,
                attributes={"input": {"maxLength": LONGEST}},
                size="xs",
                maw=640,
            )
        ),
        dmc.Button("Add comment", id="comment-write", size="xs"),
    )


def _line(control: Component) -> Component:
    """A control that has a line of the form to itself."""
    return html.Div(control, style={"flex": "1 0 100%"})
