"""Chargeback: what every team owes for a billing month, and what nobody owes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.chargeback import (
    OwedSum,
    billing_periods_with_figures,
    moved_sums,
    rows_without_value,
)
from app.db.queries.conditions import TeamTest, may_see
from app.db.queries.statements import current_statements
from app.domain.charge import Metric
from app.domain.money import ZERO, total
from app.domain.ownership import Team
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer
from app.reports.owed import CostTypePart, Names, TeamCharge, charged_of, cost_types_of, sum_of, team_charge
from app.reports.pool_splits import PoolSplit, Splits
from app.reports.shown_statement import ShownStatement, told
from app.reports.statement_ground import Ground, ground, owed_in
from app.reports.visibility import sees_everything, visible_teams


@dataclass(frozen=True)
class ChargebackBlock:
    """A billing month in one currency. What the teams owe and the unallocated add up to the total, exactly.

    `charged` is the total in whole minor units, `cost_types` the total by kind of cost, both from a statement only.
    `moved` is what live figures have more than what was issued or closed: the total of what they are now, less this.
    """

    currency: str
    total: Decimal
    previous_total: Decimal
    rows_without_value: int
    unallocated: TeamCharge
    teams: tuple[TeamCharge, ...]
    pools: tuple[PoolSplit, ...] = ()  # split by a driver; none for a viewer limited to teams
    charged: Decimal | None = None
    moved: Decimal | None = None
    cost_types: tuple[CostTypePart, ...] = ()


@dataclass(frozen=True)
class ChargebackReport:
    """A billing month's chargeback, one block per currency.

    It says what `statement` says. Without one, live charges under the policy in force answer: before anything was
    posted, and on a cost that the month's statement is not drawn on.
    """

    period: Period
    metric: Metric
    policy: str | None
    blocks: tuple[ChargebackBlock, ...]
    statement: ShownStatement | None = None


def chargeback(
    session: Session,
    viewer: Viewer,
    period: Period,
    metric: Metric | None = None,
    state: StatementState | None = None,
) -> ChargebackReport:
    """What every team that `viewer` may see owes for the billing month `period`, and how that changed.

    From the closed statement, else the issued one, else the draft, unless `state` asks for one of them. A viewer
    limited to teams gets totals of its teams alone, and nothing unallocated. Raises NotFound when there is no statement
    in `state`, BadInput when what was issued or closed is drawn on another metric.
    """
    return _report(session, viewer, ground(session, period, metric, state))


def chargeback_now(session: Session, viewer: Viewer, period: Period, metric: Metric | None = None) -> ChargebackReport:
    """`chargeback` as live charges and the policy in force make it, whatever was issued or closed."""
    drafted = StatementState.DRAFT in current_statements(session, period.start)
    return chargeback(session, viewer, period, metric, StatementState.DRAFT if drafted else None)


def _report(session: Session, viewer: Viewer, basis: Ground) -> ChargebackReport:
    visible = visible_teams(session, viewer)
    test, everything = may_see(visible), sees_everything(viewer)
    span = Period(basis.period.previous_month().start, basis.period.end)
    sums = owed_in(session, basis, span, test=test)
    missing = rows_without_value(session, basis.statement.id, test=test) if basis.statement else {}
    moved = moved_since(session, basis, test)
    shown = {team_id: team for team_id, team in basis.names.teams.items() if visible is None or team_id in visible}
    blocks = []
    for currency in sorted({*(each.currency for each in sums), *(currency for currency, _ in moved or {})}):
        of_currency = [each for each in sums if each.currency == currency]
        moved_here = None if moved is None else {team: sum_ for (of, team), sum_ in moved.items() if of == currency}
        block = _block(currency, of_currency, basis, shown, moved_here)
        block = replace(block, rows_without_value=block.rows_without_value + missing.get(currency, 0))
        blocks.append(replace(block, pools=_pools(block, basis.splits)) if everything else block)
    statement = told(basis.statement, everything=everything) if basis.statement else None
    policy = basis.policy if everything else None
    return ChargebackReport(basis.period, basis.metric, policy, tuple(blocks), statement)


_Moved = Mapping[str | None, Decimal]  # by team


def moved_since(session: Session, basis: Ground, test: TeamTest) -> dict[tuple[str, str | None], Decimal] | None:
    """What live figures have more than what was issued or closed; None where live figures are shown.

    What a closed period owes for earlier ones is closed as well: later corrections of them are due later.
    """
    if not basis.is_kept or basis.statement is None:
        return None
    draft = current_statements(session, basis.period.start).get(StatementState.DRAFT)
    closed = basis.statement.state == StatementState.CLOSED
    return moved_sums(session, basis.statement.id, draft.id if draft else None, test=test, adjustments=not closed)


def _pools(block: ChargebackBlock, splits: Splits) -> tuple[PoolSplit, ...]:
    """How the pools that have cost in `block` were split by drivers."""
    used = {part.pool_id for charge in (*block.teams, block.unallocated) for part in charge.shared}
    return splits.by_driver(block.currency, used)


def _block(
    currency: str, sums: Sequence[OwedSum], basis: Ground, shown: dict[str, Team], moved: _Moved | None
) -> ChargebackBlock:
    now = [each for each in sums if each.billing_period_start in basis.period]
    charges = _charges(sums, basis.period, basis.names_in(currency), shown, moved)
    unallocated = charges.pop(None)
    block = ChargebackBlock(
        currency=currency,
        total=sum_of(now),
        previous_total=sum_of(each for each in sums if each.billing_period_start not in basis.period),
        rows_without_value=sum(each.rows_without_value for each in now),
        unallocated=unallocated,
        teams=tuple(charges.values()),
        charged=charged_of(now),
        moved=None if moved is None else total(moved.values()),
        cost_types=cost_types_of(now),
    )
    assert total([unallocated.total, *(team.total for team in block.teams)]) == block.total
    return block


def _charges(
    sums: Sequence[OwedSum], period: Period, names: Names, shown: dict[str, Team], moved: _Moved | None
) -> dict[str | None, TeamCharge]:
    """What each team owes, parents before children, and under None what nobody owes."""
    now: dict[str | None, list[OwedSum]] = {}
    before: dict[str | None, list[OwedSum]] = {}
    for each in sums:
        (now if each.billing_period_start in period else before).setdefault(each.team_id, []).append(each)
    owing = {team_id for team_id in (*now, *before, *(moved or {})) if team_id}
    return {
        team_id: team_charge(
            team_id,
            now.get(team_id, []),
            before.get(team_id, []),
            names,
            parent=shown[team_id].parent if team_id in shown and shown[team_id].parent in shown else None,
            moved=None if moved is None else moved.get(team_id, ZERO),
        )
        for team_id in (None, *_with_ancestors(owing, shown))
    }


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
    """The billing months that have a live load or a statement, newest first."""
    viewer.require(Scope.READ_COSTS)
    return billing_periods_with_figures(session)
