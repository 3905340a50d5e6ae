"""Comments on a team's page: what was said, and the button that says more."""

from dash import Input, State, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.actions.comments import write_comment
from app.domain.comment import Commented
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.comments import commentable_lines, comments
from frontend.answer import Question, answers, asking
from frontend.change import changed, told
from frontend.components.comments_panel import commented, comments_panel


def team_comments(team_id: str, period: Period) -> Component:
    """The place of the panel."""
    return asking("comments", team_id=team_id, period=period.label)


@answers("comments")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """What was said about the team's month, and what there is to comment."""
    team_id, period = question["team_id"], Period.parse_month(question["period"])
    report = comments(session, viewer, period, team_id)
    return html.Div(
        [comments_panel(report, team_id, commentable_lines(session, viewer, period, team_id)), told(question)]
    )


@changed(
    "comments",
    Input("comment-write", "n_clicks"),
    State("comment-line", "value"),
    State("comment-text", "value"),
    working="Adding …",
)
def add_comment(session: Session, viewer: Viewer, question: Question, line: str | None, text: str | None) -> str:
    """Keeps a comment on the line that was picked."""
    whole = Commented(Period.parse_month(question["period"]).start, question["team_id"], "")
    write_comment(session, viewer, commented(line or "", whole), text or "")
    return "Your comment is kept."
