"""Who is looking at the page."""

from dash import ctx

from app.api.auth import viewer_of
from app.domain.viewer import Viewer


def viewer() -> Viewer:
    """The viewer behind the request that a callback answers."""
    return viewer_of(ctx.headers, ctx.cookies)
