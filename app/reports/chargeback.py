"""Chargeback: what every team owes for a billing month, and what nobody owes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_in_force
from app.db.queries.chargeback import OwedSum, live_billing_periods, owed_sums
from app.db.queries.conditions import may_see
from app.db.queries.teams import teams_in_force
from app.domain.charge import Metric
from app.domain.money import total
from app.domain.ownership import Team
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer
from app.reports.owed import Names, TeamCharge, names_in, sum_of, team_charge
from app.reports.pool_splits import PoolSplit, Splits
from app.reports.visibility import sees_everything, visible_teams


@dataclass(frozen=True)
class ChargebackBlock:
    """A billing month in one currency. What the teams owe and the unallocated add up to the total, exactly."""

    currency: str
    total: Decimal
    previous_total: Decimal
    rows_without_value: int
    unallocated: TeamCharge
    teams: tuple[TeamCharge, ...]
    pools: tuple[PoolSplit, ...] = ()  # split by a driver; none for a viewer limited to teams


@dataclass(frozen=True)
class ChargebackReport:
    """A billing month's chargeback under the policy in force, one block per currency."""

    period: Period
    metric: Metric
    policy: str | None
    blocks: tuple[ChargebackBlock, ...]


@dataclass(frozen=True)
class Ground:
    """What a statement for a billing month rests on: the cost it is drawn on, the policy and its names."""

    metric: Metric
    policy: str | None
    names: Names
    splits: Splits

    def names_in(self, currency: str) -> Names:
        """The names, with how pools are split in `currency`."""
        return replace(self.names, splits=self.splits.words(currency))


def ground(session: Session, period: Period, metric: Metric | None) -> Ground:
    """The ground of a statement; without a metric, it is drawn on the cost that the policy says."""
    applied = policy_in_force(session)
    splits = Splits(session, applied, period)
    if applied is None:
        return Ground(metric or Metric.EFFECTIVE, None, Names({}), splits)
    pools = {pool.id: pool.name for pool in applied.policy.pools}
    names = names_in(period, teams_in_force(session), pools)
    return Ground(metric or applied.policy.statement_metric, applied.policy.name, names, splits)


def chargeback(session: Session, viewer: Viewer, period: Period, metric: Metric | None = None) -> ChargebackReport:
    """What every team that `viewer` may see owes for the billing month `period`, and how that changed.

    A viewer limited to teams gets totals of its teams alone, and nothing unallocated.
    """
    visible = visible_teams(session, viewer)
    basis = ground(session, period, metric)
    span = Period(period.previous_month().start, period.end)
    sums = owed_sums(session, basis.metric, span, test=may_see(visible))
    shown = {team_id: team for team_id, team in basis.names.teams.items() if visible is None or team_id in visible}
    blocks = tuple(
        _block(currency, [each for each in sums if each.currency == currency], period, basis.names_in(currency), shown)
        for currency in sorted({each.currency for each in sums})
    )
    if not sees_everything(viewer):
        return ChargebackReport(period, basis.metric, None, blocks)
    whole = tuple(replace(block, pools=_pools(block, basis.splits)) for block in blocks)
    return ChargebackReport(period, basis.metric, basis.policy, whole)


def _pools(block: ChargebackBlock, splits: Splits) -> tuple[PoolSplit, ...]:
    """How the pools that have cost in `block` were split by drivers."""
    used = {part.pool_id for charge in (*block.teams, block.unallocated) for part in charge.shared}
    return splits.by_driver(block.currency, used)


def _block(
    currency: str, sums: Sequence[OwedSum], period: Period, names: Names, shown: dict[str, Team]
) -> ChargebackBlock:
    now = [each for each in sums if each.billing_period_start in period]
    before = [each for each in sums if each.billing_period_start not in period]
    charges = {
        team_id: team_charge(
            team_id,
            [each for each in now if each.team_id == team_id],
            [each for each in before if each.team_id == team_id],
            names,
            parent=shown[team_id].parent if team_id in shown and shown[team_id].parent in shown else None,
        )
        for team_id in (None, *_with_ancestors({each.team_id for each in sums if each.team_id}, shown))
    }
    unallocated = charges.pop(None)
    block = ChargebackBlock(
        currency=currency,
        total=sum_of(now),
        previous_total=sum_of(before),
        rows_without_value=sum(each.rows_without_value for each in now),
        unallocated=unallocated,
        teams=tuple(charges.values()),
    )
    assert total([unallocated.total, *(team.total for team in block.teams)]) == block.total
    return block


def _with_ancestors(team_ids: Iterable[str], shown: dict[str, Team]) -> list[str]:
    """The teams that owe and those above them, which a reader needs to see the tree, parents before children."""
    ordered: dict[str, tuple[str, ...]] = {}
    for team_id in team_ids:
        upward = [team_id]
        while (team := shown.get(upward[-1])) and team.parent in shown and team.parent not in upward:
            upward.append(team.parent)
        for depth, each in enumerate(upward):
            ordered[each] = tuple(reversed(upward[depth:]))
    return sorted(ordered, key=ordered.__getitem__)


def billing_periods(session: Session, viewer: Viewer) -> tuple[date, ...]:
    """The billing months that have a live load, newest first."""
    viewer.require(Scope.READ_COSTS)
    return live_billing_periods(session)
