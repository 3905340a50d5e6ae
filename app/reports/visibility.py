"""What a viewer may see, decided here for every report."""

from sqlalchemy.orm import Session

from app.db.queries.teams import in_subtrees
from app.domain.viewer import Scope, Viewer


def visible_teams(session: Session, viewer: Viewer) -> frozenset[str] | None:
    """The ids of the teams whose cost `viewer` may see, or None for all cost, unallocated included.

    A team is where the policy in force puts it last: who loses a team in a re-org loses sight of its past as well.
    Of drivers, the rows may be seen whose dimension `team` is the id of such a team: what a gateway calls its team
    belongs to nobody's statement until a policy maps it, so under another name it is not shown.
    Raises NotAllowed without the scope to read costs.
    """
    viewer.require(Scope.READ_COSTS)
    if viewer.teams is None:
        return None
    return in_subtrees(session, viewer.teams)


def sees_everything(viewer: Viewer) -> bool:
    """Whether `viewer` may see what belongs to no team: totals of whole loads, the policy. Requires reading costs."""
    viewer.require(Scope.READ_COSTS)
    return viewer.teams is None
