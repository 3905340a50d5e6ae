"""Budgets: what teams mean to spend for a billing month, beside what they owe so far and owed the month before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.budgets import KeptBudget, current_budgets
from app.db.queries.conditions import may_see
from app.db.queries.costs import newest_charge_day
from app.domain.budget import Standing, standing
from app.domain.charge import Metric
from app.domain.money import EXACT, ZERO, total
from app.domain.ownership import Team, descendants
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.viewer import Viewer
from app.reports.chargeback import ChargebackReport, chargeback
from app.reports.owed import TeamCharge
from app.reports.shown_statement import ShownStatement
from app.reports.teams import team_names
from app.reports.visibility import sees_everything, visible_teams


@dataclass(frozen=True)
class TeamBudget:
    """A team's budget in one currency, and what is owed against it.

    `standing`, `previous_owed` and `change` are of the team with every team below it; `own` is what it owes itself and
    `teams_below` how many others owe something too. A viewer limited to teams gets sums of its teams alone, and not who
    set the budget.
    """

    team_id: str
    name: str
    currency: str
    amount: Decimal
    thresholds: tuple[Decimal, ...]
    standing: Standing
    own: Decimal
    teams_below: int
    previous_owed: Decimal
    change: Decimal
    set_at: datetime
    set_by: str | None


@dataclass(frozen=True)
class BudgetReport:
    """The budgets of a billing month, by team and currency.

    What is owed is as the chargeback says: closed, else issued, else the draft. `as_of` is the last day with charges in
    a month that is still running, to which the pace is reckoned; None in any other.
    """

    period: Period
    metric: Metric
    statement: ShownStatement | None
    as_of: date | None
    budgets: tuple[TeamBudget, ...]

    def in_currency(self, currency: str) -> dict[str | None, TeamBudget]:
        """The budgets in a currency, by team."""
        return {each.team_id: each for each in self.budgets if each.currency == currency}


def budgets(
    session: Session, viewer: Viewer, period: Period, *, today: date, team_id: str | None = None
) -> BudgetReport:
    """The budgets of the teams that `viewer` may see, or of `team_id` alone, on the cost that statements go by."""
    return budgets_beside(session, viewer, chargeback(session, viewer, period), today=today, team_id=team_id)


def budgets_beside(
    session: Session, viewer: Viewer, owed: ChargebackReport, *, today: date, team_id: str | None = None
) -> BudgetReport:
    """`budgets` for who has the month's chargeback already, whatever cost it is on."""
    visible = visible_teams(session, viewer)
    period = owed.period
    names, as_of = team_names(session), _as_of(session, owed, today)
    charges = {block.currency: {each.team_id: each for each in block.teams} for block in owed.blocks}
    kept = current_budgets(session, [period.start], may_see(visible))
    everything = sees_everything(viewer)
    rows = tuple(
        _row(each, charges.get(each.budget.billing_currency, {}), names, as_of, everything=everything)
        for each in kept
        if team_id in {None, each.budget.team_id}
    )
    return BudgetReport(period, owed.metric, owed.statement, as_of, rows)


def _as_of(session: Session, owed: ChargebackReport, today: date) -> date | None:
    """The last day with charges in a month that is running; what was issued or closed runs no more."""
    kept = owed.statement is not None and owed.statement.state is not StatementState.DRAFT
    if kept or today not in owed.period:
        return None
    newest = newest_charge_day(session, today)
    return newest if newest is not None and newest in owed.period else None


def _row(
    kept: KeptBudget,
    charges: Mapping[str | None, TeamCharge],
    names: Mapping[str, str],
    as_of: date | None,
    *,
    everything: bool,
) -> TeamBudget:
    budget, own = kept.budget, charges.get(kept.budget.team_id)
    subtree = _subtree(charges, budget.team_id)
    owed = total(each.total for each in subtree)
    before = total(each.previous_total for each in subtree)
    return TeamBudget(
        team_id=budget.team_id,
        name=own.name if own else names.get(budget.team_id, budget.team_id),
        currency=budget.billing_currency,
        amount=budget.amount,
        thresholds=budget.thresholds,
        standing=standing(budget, owed, as_of),
        own=own.total if own else ZERO,
        teams_below=sum(1 for each in subtree if each.team_id != budget.team_id and each.total),
        previous_owed=before,
        change=EXACT.subtract(owed, before),
        set_at=kept.set_at,
        set_by=kept.set_by if everything else None,
    )


def _subtree(charges: Mapping[str | None, TeamCharge], team_id: str) -> list[TeamCharge]:
    """What a team and the teams below it owe; below as the month's chargeback draws its tree."""
    tree = [Team(each.team_id, each.name, each.parent_id) for each in charges.values() if each.team_id]
    return [charges[each] for each in sorted(descendants(tree, team_id)) if each in charges]
