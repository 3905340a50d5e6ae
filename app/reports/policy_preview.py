"""What a policy would move, by team, before it is applied."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.chargeback.applying import put_in_force
from app.chargeback.posting import lock_posting
from app.domain.money import EXACT
from app.domain.period import Period
from app.domain.policy_document import parse_policy
from app.domain.viewer import Scope, Viewer
from app.reports.chargeback import ChargebackReport, chargeback

Owner = tuple[str, str | None]  # currency and team; None is unallocated


@dataclass(frozen=True)
class Move:
    """What one team owes for a billing period under the policy in force, and under the one previewed."""

    currency: str
    team_id: str | None
    name: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """What would move; over all teams and the unallocated it is zero."""
        return EXACT.subtract(self.after, self.before)


def policy_preview(bound: Engine, viewer: Viewer, document: str, period: Period) -> tuple[Move, ...]:
    """Each team's chargeback for `period` before and after `document`, largest change first.

    The policy is really applied, in a transaction that is rolled back: a preview cannot differ from the real thing.
    Raises PolicyError with every problem in the document.
    """
    viewer.require_everything(Scope.WRITE_POLICY)
    with Session(bound) as session:
        lock_posting(session)  # both sides of the comparison are of one moment
        metric = parse_policy(document).statement_metric  # of both, or they could not be compared
        before = _owed(chargeback(session, viewer, period, metric))
        put_in_force(session, document, applied_by=viewer.name, periods=[period.start])
        after = _owed(chargeback(session, viewer, period, metric))
        session.rollback()
    zero = ("", Decimal(0))
    moves = [
        Move(*owner, (after.get(owner) or before[owner])[0], before.get(owner, zero)[1], after.get(owner, zero)[1])
        for owner in {**before, **after}
    ]
    return tuple(sorted(moves, key=lambda move: (move.currency, -abs(move.change), move.name)))


def _owed(report: ChargebackReport) -> dict[Owner, tuple[str, Decimal]]:
    return {
        (block.currency, charge.team_id): (charge.name, charge.total)
        for block in report.blocks
        for charge in (*block.teams, block.unallocated)
    }
