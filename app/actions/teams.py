"""Taking in teams from a file, as a new version of the policy."""

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.actions.policy import apply_policy
from app.db.queries.policy import newest_policy
from app.db.tables.policy import PolicyVersion
from app.domain.team_change import team_change
from app.domain.viewer import Scope, Viewer
from app.errors import NotFound


def import_teams(session: Session, viewer: Viewer, document: str, name: str) -> PolicyVersion | None:
    """Puts the policy in force with the teams of the CSV `document`, which is called `name`, in place of its own.

    Nothing else of the policy's text changes. Returns None when it has these teams already. Raises BadInput with every
    row that cannot be used, NotFound before there is a policy; then nothing changes.
    """
    viewer.require_everything(Scope.WRITE_POLICY)
    newest = newest_policy(session)
    if newest is None:
        raise NotFound("There is no policy to take teams into. `trueup policy apply FILE` puts one in force.")
    change = team_change(newest.document, document, name)
    version = apply_policy(session, viewer, change.document)
    if version:
        ids = {"added": change.added, "changed": change.changed, "removed": change.removed}
        record(session, viewer, "teams.import", name, version=version.id, **{key: list(ids[key]) for key in ids})
    return version
