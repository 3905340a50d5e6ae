"""What a report of what teams owe rests on: a statement or live figures, the cost it is drawn on, policy and names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_in_force, policy_of_version
from app.db.queries.chargeback import OwedSum, charged_sums, owed_sums
from app.db.queries.conditions import TeamTest
from app.db.queries.statements import binding_statements
from app.db.queries.teams import teams_in_force, teams_of_version
from app.db.tables.statements import Statement
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.statement import StatementState
from app.reports.owed import Names, names_in
from app.reports.pool_splits import Splits
from app.reports.shown_statement import find_statement


@dataclass(frozen=True)
class Ground:
    """What a billing month's figures rest on. Without a statement, roll-ups of live charges answer."""

    period: Period
    metric: Metric
    policy: str | None
    names: Names
    splits: Splits
    statement: Statement | None = None

    def names_in(self, currency: str) -> Names:
        """The names, with how pools are split in `currency`."""
        return replace(self.names, splits=self.splits.words(currency))

    @property
    def is_kept(self) -> bool:
        """Whether the figures were issued or closed, so that live ones may have moved since."""
        return self.statement is not None and self.statement.state != StatementState.DRAFT


def ground(
    session: Session, period: Period, metric: Metric | None = None, state: StatementState | None = None
) -> Ground:
    """The ground of a billing month; without a metric, on the cost that the statement, or else the policy, says.

    What was issued or closed keeps the policy, and the names, it was drawn with. Raises as `find_statement` does.
    """
    statement = find_statement(session, period, metric, state)
    kept = statement is not None and statement.state != StatementState.DRAFT
    applied = (
        policy_of_version(session, statement.policy_version_id) if kept and statement else policy_in_force(session)
    )
    drawn_on = metric or (Metric(statement.metric) if statement else None)
    splits = Splits(session, applied, period, statement)
    if applied is None:
        return Ground(period, drawn_on or Metric.EFFECTIVE, None, Names({}), splits, statement)
    pools = {pool.id: pool.name for pool in applied.policy.pools}
    teams = teams_of_version(session, applied.version) if kept else teams_in_force(session)
    names = names_in(period, teams, pools)
    return Ground(period, drawn_on or applied.policy.statement_metric, applied.policy.name, names, splits, statement)


def owed_in(session: Session, basis: Ground, span: Period, *, test: TeamTest, by: Sequence[str] = ()) -> list[OwedSum]:
    """What teams owe for the billing months in `span`, of which the ground's is one.

    Each month says what its statement says, the closed one before all; roll-ups answer for months without a statement
    on the same cost.
    """
    statements = binding_statements(session, span)
    statements.pop(basis.period.start, None)
    if basis.statement:
        statements[basis.period.start] = basis.statement
    same = {start: each.id for start, each in statements.items() if each.metric == basis.metric}
    return [
        *owed_sums(session, basis.metric, span, test=test, by=by, but_for=tuple(same)),
        *charged_sums(session, tuple(same.values()), test=test, by=by),
    ]
