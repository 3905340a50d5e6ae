"""Answering GPU findings: acknowledged, exempt for a while with a reason, open again."""

from datetime import date

from sqlalchemy import func
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.dataset import count_change
from app.db.queries.gpu_findings import listed_findings
from app.db.queries.teams import in_subtrees
from app.db.tables.gpu import GpuFinding
from app.domain.comment import comment_text
from app.domain.gpu.findings.state import FindingState
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput, Conflict, NotFound


def acknowledge_finding(session: Session, viewer: Viewer, finding_id: int, reason: str | None = None) -> GpuFinding:
    """Says that somebody looks after a finding. It stays until telemetry proves it gone.

    Raises NotFound when there is none that `viewer` may see, Conflict when it is resolved.
    """
    finding = _finding(session, viewer, finding_id)
    return _answer(session, viewer, finding, FindingState.ACKNOWLEDGED, reason=comment_text(reason) if reason else None)


def exempt_finding(
    session: Session, viewer: Viewer, finding_id: int, *, reason: str, until: date, today: date
) -> GpuFinding:
    """Says that a finding is meant to be, for a reason, up to and not including the day `until`; then it opens again.

    Raises BadInput for a reason that cannot be kept, or when `until` is not after `today`; else as
    `acknowledge_finding`.
    """
    finding = _finding(session, viewer, finding_id)
    if until <= today:
        raise BadInput(f"An exemption ends on a later day than {today}; {until} is none.")
    return _answer(session, viewer, finding, FindingState.EXEMPT, reason=comment_text(reason), until=until)


def reopen_finding(session: Session, viewer: Viewer, finding_id: int) -> GpuFinding:
    """Takes back an acknowledgement or an exemption. Raises as `acknowledge_finding`."""
    return _answer(session, viewer, _finding(session, viewer, finding_id), FindingState.OPEN)


def _finding(session: Session, viewer: Viewer, finding_id: int) -> GpuFinding:
    viewer.require(Scope.WRITE_BUDGETS)
    visible = None if viewer.teams is None else in_subtrees(session, viewer.teams)
    found = listed_findings(session, visible=visible, finding_id=finding_id)
    if not found:
        raise NotFound(f"There is no GPU finding {finding_id} that you may see. `trueup gpu findings` lists them.")
    finding = found[0][0]
    if finding.state == FindingState.RESOLVED:
        raise Conflict(f"GPU finding {finding_id} is resolved: telemetry shows it no more. Nothing is left to answer.")
    return finding


def _answer(
    session: Session,
    viewer: Viewer,
    finding: GpuFinding,
    state: FindingState,
    *,
    reason: str | None = None,
    until: date | None = None,
) -> GpuFinding:
    before = finding.state
    finding.state, finding.reason, finding.exempt_until = state, reason, until
    finding.changed_by, finding.changed_at = viewer.name, func.now()
    session.flush()
    details = {"before": before, "after": state, "reason": reason, "until": str(until) if until else None}
    record(session, viewer, "gpu.finding", f"{finding.rule} {finding.subject}", finding=finding.id, **details)
    count_change(session)
    return finding
