"""GPU findings: waste that somebody can do something about, with its evidence and what to do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.db.queries.gpu_findings import listed_findings
from app.db.tables.gpu import GpuFinding
from app.domain.gpu.findings.rule import FindingRule
from app.domain.gpu.findings.rules import RULE_OF, RULES
from app.domain.gpu.findings.state import STANDING, FindingState
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class FindingsQuestion:
    """Which findings are asked for; an empty choice means all. Without states: those that are not resolved."""

    states: Collection[str] = STANDING
    rules: Collection[str] = ()
    teams: Collection[str] = ()

    def __post_init__(self) -> None:
        known = (("state", self.states, tuple(FindingState)), ("rule", self.rules, tuple(RULE_OF)))
        for name, values, choice in known:
            if strange := sorted(set(values) - set(choice)):
                raise BadInput(f"There is no {name} '{strange[0]}' of findings. Choose from {', '.join(choice)}.")


@dataclass(frozen=True)
class FindingRow:
    """A finding. Amounts are None where nothing can be had back; `evidence["days"]` is its chart, day by day."""

    id: int
    rule: str
    title: str
    summary: str
    action: str
    false_positives: tuple[str, ...]
    subject: str
    state: str
    team_id: str | None
    node: str | None
    starts_at: datetime
    ends_at: datetime
    currency: str | None
    recoverable_capacity: Decimal | None
    recoverable_bill: Decimal | None
    evidence: Mapping[str, Any]
    reason: str | None
    exempt_until: date | None
    changed_by: str | None
    found_at: datetime
    changed_at: datetime | None
    resolved_at: datetime | None


def gpu_findings(
    session: Session, viewer: Viewer, question: FindingsQuestion = FindingsQuestion()
) -> tuple[FindingRow, ...]:
    """The findings that are asked for, of teams that `viewer` may see; those with the most to recover first."""
    found = listed_findings(
        session,
        visible=visible_teams(session, viewer),
        states=question.states,
        rules=question.rules,
        teams=question.teams,
    )
    return tuple(finding_row(finding, node) for finding, node in found)


def finding_row(finding: GpuFinding, node: str | None) -> FindingRow:
    """A finding as it is shown, with what its rule says of it."""
    rule = RULE_OF[finding.rule]
    return FindingRow(
        id=finding.id,
        rule=rule.name,
        title=rule.title,
        summary=rule.summary,
        action=rule.action,
        false_positives=rule.false_positives,
        subject=finding.subject,
        state=finding.state,
        team_id=finding.team_id,
        node=node,
        starts_at=finding.starts_at,
        ends_at=finding.ends_at,
        currency=finding.billing_currency,
        recoverable_capacity=finding.recoverable_capacity_cost,
        recoverable_bill=finding.recoverable_bill_cost,
        evidence=finding.evidence,
        reason=finding.reason,
        exempt_until=finding.exempt_until,
        changed_by=finding.changed_by,
        found_at=finding.found_at,
        changed_at=finding.changed_at,
        resolved_at=finding.resolved_at,
    )


def finding_rules() -> tuple[FindingRule, ...]:
    """Every rule, with its thresholds and when it is wrong."""
    return RULES
