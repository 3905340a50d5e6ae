"""Who is looking at the page."""

from app.domain.viewer import Viewer
from app.reports.viewing import current_viewer


def viewer() -> Viewer:
    """The viewer behind the request that a callback answers; the guard in front of the server has found out."""
    return current_viewer()
