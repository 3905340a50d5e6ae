"""Issuing and closing a billing month from its chargeback page: what is left to do, and the buttons that do it."""

from collections.abc import Sequence

from dash import Input, State, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.actions.chargeback import close_statement, issue_statement
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer
from app.errors import Conflict, NotFound
from app.exports.pack.pack import files_to_keep
from app.reports.closing import closing_status, kept_files, period_states
from app.reports.teams import team_names
from app.reports.visibility import sees_everything
from frontend.answer import Question, answers, asking
from frontend.change import changed
from frontend.clock import now
from frontend.components.closing_card import closing_card


def closing(viewer: Viewer, period: Period) -> Component:
    """The place of the card, which takes longer than the figures. Nothing for a viewer who sees only some teams."""
    return asking("closing", period=period.label) if sees_everything(viewer) else html.Div()


@answers("closing")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """What is left to do to close the month. Nothing before it has a statement."""
    period = Period.parse_month(question["period"])
    try:
        status = closing_status(session, viewer, period, now())
    except NotFound:
        return html.Div()
    closed = status.state is StatementState.CLOSED
    return closing_card(
        status,
        team_names(session),
        _open_before(session, viewer, period),
        kept_files(session, viewer, period) if closed else (),
        may_close=viewer.may(Scope.CLOSE_CHARGEBACK),
    )


def _open_before(session: Session, viewer: Viewer, period: Period) -> Period | None:
    """The earliest month before `period` that is not closed."""
    states = period_states(session, viewer)
    found = [start for start, state in states.items() if start < period.start and state is not StatementState.CLOSED]
    return Period.month_of(min(found)) if found else None


@changed("chargeback", Input("closing-issue", "n_clicks"), State("closing-asked", "data"), working="Issuing …")
def issue_month(session: Session, viewer: Viewer, _question: Question, shown: dict[str, str]) -> str:
    """Issues the statement of the month on show."""
    period = Period.parse_month(shown["period"])
    done = issue_statement(session, viewer, period)
    return f"{period.label} is issued." if done.is_new else f"{period.label} is issued as it was: nothing has moved."


@changed(
    "chargeback",
    Input("closing-close", "submit_n_clicks"),
    State("closing-asked", "data"),
    State("closing-reason", "value"),
    State("closing-seen", "data"),
    working="Closing: the finance pack is being written, which takes a while for many teams …",
)
def close_month(
    session: Session,
    viewer: Viewer,
    _question: Question,
    shown: dict[str, str],
    reason: str | None,
    seen: Sequence[str],
) -> str:
    """Closes the month on show. Overrides only what the page has shown: raises Conflict when more has come up."""
    period = Period.parse_month(shown["period"])
    done = close_statement(session, viewer, period, now(), (reason or "").strip() or None, pack=files_to_keep)
    unseen = [str(each) for each in done.overridden if str(each) not in seen]
    if unseen:
        raise Conflict(
            "Nothing was changed: since you opened this page, more has come up against closing. Reload the page"
            f" and decide again. {' '.join(unseen)}"
        )
    return f"{period.label} is closed."
