"""Callbacks that run on threads.

Dash on FastAPI calls a plain `def` on the event loop, where one slow report would hold up every other request. Ours
are registered here, wrapped, and handed to each Dash app that `frontend.app.attach` makes.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from dash import Dash
from dash.exceptions import PreventUpdate
from starlette.concurrency import run_in_threadpool

log = logging.getLogger(__name__)

Function = Callable[..., Any]


@dataclass(frozen=True)
class Registered:
    """A callback with what sets it off and what it writes."""

    dependencies: tuple[Any, ...]
    options: dict[str, Any]
    run: Callable[..., Awaitable[Any]]


_REGISTERED: list[Registered] = []


def callback(*dependencies: Any, **options: Any) -> Callable[[Function], Function]:
    """Registers a plain function as a callback; takes what `dash.callback` takes."""

    def register(function: Function) -> Function:
        @wraps(function)
        async def on_a_thread(*args: Any) -> Any:
            try:
                return await run_in_threadpool(function, *args)
            except PreventUpdate:
                raise
            except Exception:
                # Dash answers 500 and says nothing.
                log.exception("the callback %s failed", function.__name__)
                raise

        _REGISTERED.append(Registered(dependencies, options, on_a_thread))
        return function

    return register


def register_callbacks(dash_app: Dash) -> None:
    """Gives every callback of ours to `dash_app`."""
    for registered in _REGISTERED:
        dash_app.callback(*registered.dependencies, **registered.options)(registered.run)
