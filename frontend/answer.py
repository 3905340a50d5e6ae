"""How a page gets its figures: the layout holds a question, a callback puts the answer in its place.

A layout runs on the event loop and does no I/O. The answer runs on a thread, with a session and a viewer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dash import Input, Output, dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.db.session import read_session
from app.domain.viewer import Viewer
from app.errors import TrueupError
from frontend.callback import callback
from frontend.components.states import loading, problem
from frontend.viewer import viewer

Question = Mapping[str, Any]
Answer = Callable[[Session, Viewer, Question], Component]
Layout = Callable[..., Component]


def asking(name: str, **question: Any) -> Component:
    """The place of the answer called `name`, with grey shapes until it is there."""
    return html.Div([dcc.Store(id=f"{name}-asked", data=question), html.Div(loading(), id=f"{name}-answer")])


def leading_to(name: str) -> Component:
    """Where a callback writes the URL that an input leads to. Each has its own, so that none fires for another page."""
    return dcc.Location(id=name, refresh="callback-nav")


def answers(name: str) -> Callable[[Answer], Answer]:
    """Registers the function that answers what `asking(name)` asks."""

    def register(answer: Answer) -> Answer:
        @callback(Output(f"{name}-answer", "children"), Input(f"{name}-asked", "data"), on_error=problem)
        def show(question: Question) -> Component:
            with read_session() as session:
                return answer(session, viewer(), question)

        return answer

    return register


def page(layout: Layout) -> Layout:
    """A layout that shows what is wrong with its URL instead of failing."""

    def guarded(**params: Any) -> Component:
        try:
            return layout(**params)
        except TrueupError as error:
            return problem(error)

    return guarded
