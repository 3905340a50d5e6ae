"""The policy in force, as it was written."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db.queries.policy import newest_policy
from app.domain.charge import Metric
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class PolicyInForce:
    """A policy document with the version it is in force under."""

    version: int
    name: str
    statement_metric: Metric
    applied_by: str
    applied_at: datetime
    document: str


def policy(session: Session, viewer: Viewer) -> PolicyInForce:
    """The policy applied last. Raises NotFound before there is one, and for a viewer limited to teams."""
    found = newest_policy(session) if sees_everything(viewer) else None
    if found is None:
        raise NotFound("There is no policy that you may see. `trueup policy apply FILE` puts one in force.")
    return PolicyInForce(
        version=found.id,
        name=found.name,
        statement_metric=Metric(found.statement_metric),
        applied_by=found.applied_by,
        applied_at=found.applied_at,
        document=found.document,
    )
