"""The viewer of the request that is being answered.

The guard in front of every route and page sets it; it follows a request onto the thread that answers it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from app.domain.viewer import Viewer

_VIEWER: ContextVar[Viewer] = ContextVar("viewer")


def current_viewer() -> Viewer:
    """Who is asking. Outside a request there is nobody, which is a LookupError."""
    return _VIEWER.get()


@contextmanager
def viewing_as(viewer: Viewer) -> Iterator[None]:
    """Answers what happens inside for `viewer`."""
    token = _VIEWER.set(viewer)
    try:
        yield
    finally:
        _VIEWER.reset(token)
