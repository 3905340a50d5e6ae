"""A team's month in a few lines, for who will not open a page: what it owes, what moved, how its budget stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.domain.charge import Metric
from app.domain.money import percent
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.team_summary import Mover, movers, team_page_url
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.budgets import BudgetReport, TeamBudget, budgets_beside
from app.reports.chargeback import ChargebackReport, chargeback
from app.reports.owed import Names, TeamCharge, team_charge
from app.reports.team_statement import ServiceCharge, TeamStatement, team_statement
from app.reports.teams import team_names


@dataclass(frozen=True)
class SummaryBlock:
    """The month in one currency; `movers` are the services that changed most against the month before."""

    currency: str
    charge: TeamCharge
    change_percent: Decimal | None
    movers: tuple[Mover, ...]
    budget: TeamBudget | None


@dataclass(frozen=True)
class TeamSummary:
    """A team's month, without the teams below it but for its budget. It has nothing of what belongs to nobody.

    Without a state, live charges answer. `link` leads to the team's page, where the figures are explained; it is None
    when Trueup does not know at which address people reach it.
    """

    period: Period
    metric: Metric
    state: StatementState | None
    team_id: str
    name: str
    cost_center: str | None
    blocks: tuple[SummaryBlock, ...]
    link: str | None


def team_summaries(
    session: Session,
    viewer: Viewer,
    period: Period,
    *,
    today: date,
    public_url: str | None = None,
    team_ids: Sequence[str] = (),
) -> tuple[TeamSummary, ...]:
    """The month of `team_ids`, else of every team that owes something for it, did the month before, or has a budget.

    Raises NotFound for a team that does not exist or that `viewer` may not see, and when there is no team to tell of.
    """
    owed = chargeback(session, viewer, period)
    against = budgets_beside(session, viewer, owed, today=today)
    wanted = tuple(dict.fromkeys(team_ids)) or _told_of(owed, against)
    if not wanted:
        raise NotFound(f"No team owes anything for {period.label}, and none has a budget. Is a bill of it live?")
    names = team_names(session)
    statements = (team_statement(session, viewer, period, team_id, owed.metric) for team_id in wanted)
    return tuple(
        _summary(team_id, names, statement, against, public_url)
        for team_id, statement in zip(wanted, statements, strict=True)
    )


def _told_of(owed: ChargebackReport, against: BudgetReport) -> tuple[str, ...]:
    owing = [each for block in owed.blocks for each in block.teams if each.total or each.previous_total]
    found = [*(each.team_id for each in owing), *(each.team_id for each in against.budgets)]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _summary(
    team_id: str, names: dict[str, str], statement: TeamStatement, against: BudgetReport, public_url: str | None
) -> TeamSummary:
    blocks = {block.currency: (block.charge, block.services) for block in statement.blocks}
    nothing = team_charge(team_id, (), (), Names({}), parent=None)
    budgeted = {each.currency for each in against.budgets if each.team_id == team_id}
    known = next((charge for charge, _ in blocks.values()), None)
    return TeamSummary(
        period=statement.period,
        metric=statement.metric,
        state=statement.statement.state if statement.statement else None,
        team_id=team_id,
        name=known.name if known else names.get(team_id, team_id),
        cost_center=known.cost_center if known else None,
        blocks=tuple(
            _block(currency, *blocks.get(currency, (nothing, ())), against.in_currency(currency).get(team_id))
            for currency in sorted({*blocks, *budgeted})
        ),
        link=team_page_url(public_url, team_id, statement.period.label, statement.metric) if public_url else None,
    )


def _block(
    currency: str, charge: TeamCharge, services: Sequence[ServiceCharge], budget: TeamBudget | None
) -> SummaryBlock:
    moved = movers(
        Mover(each.service_provider_name, each.service_name, each.previous_total, each.total) for each in services
    )
    return SummaryBlock(currency, charge, percent(charge.change, charge.previous_total), moved, budget)
