"""How a page changes something: a button runs an action, in a session that commits, as whoever is signed in.

A callback is a POST of JSON by the page itself. The guard in front of the server treats it as it treats a change over
the API: it turns away what pages of other origins ask for, and finds out who is asking. The action checks
what they may.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from dash import Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.db.session import write_session
from app.errors import TrueupError
from frontend.callback import callback
from frontend.viewer import viewer

log = logging.getLogger(__name__)

TOLD = "told"  # the field of a page's question with what the last change came to
_COUNT = "changes"  # so that a question is asked again even if a second change comes to the same

Change = Callable[..., str]


def changed(page: str, button: Input, *states: State, working: str) -> Callable[[Change], Change]:
    """Registers a change that `button` on the page `asking(page)` sets off.

    It gets session, viewer, the page's question and the `states`, and returns what it came to as a sentence. The page
    is then answered anew and tells it; a refusal is told by `change_controls` and changes nothing. Meanwhile the
    controls are disabled and say `working`.
    """

    def register(change: Change) -> Change:
        @callback(
            Output(f"{page}-asked", "data", allow_duplicate=True),
            Output(f"{page}-refused", "children", allow_duplicate=True),
            button,
            State(f"{page}-asked", "data"),
            *states,
            running=[
                (Output(f"{page}-changes", "disabled"), True, False),
                (Output(f"{page}-working", "children"), working, ""),
            ],
            prevent_initial_call=True,
            on_error=lambda error: (no_update, refusal(error)),
        )
        def run(clicks: int | None, question: Mapping[str, Any], *values: Any) -> Any:
            if not clicks:  # the button has only been drawn
                raise PreventUpdate
            try:
                with write_session() as session:
                    told = change(session, viewer(), question, *values)
            except TrueupError as error:
                return no_update, refusal(error)
            return {**question, TOLD: told, _COUNT: question.get(_COUNT, 0) + 1}, None

        return change

    return register


def change_controls(page: str, *controls: Component) -> Component:
    """The inputs and buttons of a page's changes, with the places where refusals and work in progress are told."""
    return html.Div(
        [
            html.Fieldset(list(controls), id=f"{page}-changes", className="changes"),
            html.P(id=f"{page}-working", className="quiet working", role="status"),
            html.Div(id=f"{page}-refused", role="alert"),
        ]
    )


def told(question: Mapping[str, Any]) -> Component:
    """What the last change came to, where there was one."""
    words = question.get(TOLD)
    return html.P(words, className="done", role="status") if words else html.Div()


def refusal(error: Exception) -> Component:
    """Why nothing was changed, in the error's own words where they were written to be read."""
    if isinstance(error, TrueupError):
        return html.P(str(error), className="refusal")
    log.error("a change failed", exc_info=error)
    return html.P(
        "Something broke on our side, and nothing was changed. The server's log says more.", className="refusal"
    )
