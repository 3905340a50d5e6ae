"""A team's month in a few lines, for those who will not open a page: what it owes, what moved, how its budget stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote

from sqlalchemy.orm import Session

from app.domain.charge import Metric
from app.domain.money import EXACT, percent
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.team_summary import Mover, movers
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.budgets import BudgetReport, TeamBudget, budgets_beside
from app.reports.chargeback import ChargebackReport, chargeback
from app.reports.owed import TeamCharge
from app.reports.team_statement import team_statement
from app.reports.teams import team_names


@dataclass(frozen=True)
class SummaryBlock:
    """The month in one currency; `movers` are the services that changed most against the month before."""

    currency: str
    owed: Decimal
    charged: Decimal | None
    direct: Decimal
    shared: Decimal
    previous_owed: Decimal
    change: Decimal
    change_percent: Decimal | None
    movers: tuple[Mover, ...]
    budget: TeamBudget | None


@dataclass(frozen=True)
class TeamSummary:
    """A team's month. It has nothing of what other teams owe, and nothing that belongs to nobody.

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
    names = team_names(session)
    if not wanted:
        raise NotFound(f"No team owes anything for {period.label}, and none has a budget. Is a bill of it live?")
    return tuple(_summary(session, viewer, owed, against, team_id, names, public_url) for team_id in wanted)


def _told_of(owed: ChargebackReport, against: BudgetReport) -> tuple[str, ...]:
    owing = [each for block in owed.blocks for each in block.teams if each.total or each.previous_total]
    found = [*(each.team_id for each in owing), *(each.team_id for each in against.budgets)]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _summary(  # noqa: PLR0917  (what every team of a month has in common, and which team)
    session: Session,
    viewer: Viewer,
    owed: ChargebackReport,
    against: BudgetReport,
    team_id: str,
    names: dict[str, str],
    public_url: str | None,
) -> TeamSummary:
    statement = team_statement(session, viewer, owed.period, team_id, owed.metric)
    charges = {block.currency: block for block in statement.blocks}
    known = [block.charge for block in statement.blocks]
    currencies = sorted({*charges, *(each.currency for each in against.budgets if each.team_id == team_id)})
    return TeamSummary(
        period=owed.period,
        metric=owed.metric,
        state=owed.statement.state if owed.statement else None,
        team_id=team_id,
        name=known[0].name if known else names.get(team_id, team_id),
        cost_center=known[0].cost_center if known else None,
        blocks=tuple(
            _block(
                currency,
                charges[currency].charge if currency in charges else None,
                movers(
                    (each.service_provider_name, each.service_name, each.previous_total, each.total)
                    for each in (charges[currency].services if currency in charges else ())
                ),
                against.of(team_id, currency),
            )
            for currency in currencies
        ),
        link=_link(public_url, team_id, owed.period),
    )
