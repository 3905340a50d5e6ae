"""A team's statement: what it owes for a billing month, for which services, and how that moved over a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.chargeback import OwedSum, owed_sums
from app.db.queries.teams import teams_in_force
from app.domain.charge import Metric
from app.domain.period import Period, months_back
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.chargeback import Ground, ground
from app.reports.owed import TeamCharge, sum_of, team_charge
from app.reports.visibility import visible_teams

_SERVICE = ("service_provider_name", "service_name")
_MONTHS = 13  # the month itself and the twelve before it, so that the same month of last year is there


@dataclass(frozen=True)
class ServiceCharge:
    """What a team owes for one service."""

    service_provider_name: str | None
    service_name: str | None
    direct: Decimal
    shared: Decimal
    total: Decimal
    previous_total: Decimal


@dataclass(frozen=True)
class TeamStatementBlock:
    """A team's statement in one currency; the trend runs over thirteen months, oldest first."""

    currency: str
    charge: TeamCharge
    services: tuple[ServiceCharge, ...]
    trend: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True)
class TeamStatement:
    """What one team owes for a billing month, one block per currency."""

    period: Period
    metric: Metric
    blocks: tuple[TeamStatementBlock, ...]


def team_statement(
    session: Session, viewer: Viewer, period: Period, team_id: str, metric: Metric | None = None
) -> TeamStatement:
    """The statement of `team_id` for the billing month `period`, without the teams below it.

    Raises NotFound for a team that does not exist or that `viewer` may not see.
    """
    parents = _parents(session, viewer, team_id)
    basis = ground(session, period, metric)
    span = Period(months_back(period.start, _MONTHS - 1), period.end)
    sums = owed_sums(session, basis.metric, span, test=lambda team: team == team_id, by=_SERVICE)
    blocks = (
        _block(team_id, [each for each in sums if each.currency == currency], period, basis, parents)
        for currency in sorted({each.currency for each in sums})
    )
    return TeamStatement(period, basis.metric, tuple(blocks))


def _parents(session: Session, viewer: Viewer, team_id: str) -> frozenset[str]:
    """The teams that may be named as the parent of `team_id`."""
    visible = visible_teams(session, viewer)
    known = frozenset(team.id for team in teams_in_force(session))
    shown = known if visible is None else known & visible
    if team_id not in shown:
        raise NotFound(f"There is no team '{team_id}' that you may see. GET /api/v1/teams lists them.")
    return shown


def _block(
    team_id: str, sums: Sequence[OwedSum], period: Period, basis: Ground, parents: frozenset[str]
) -> TeamStatementBlock:
    previous = period.previous_month()
    now = [each for each in sums if each.billing_period_start in period]
    before = [each for each in sums if each.billing_period_start in previous]
    parent = basis.names.teams[team_id].parent
    months = [months_back(period.start, back) for back in reversed(range(_MONTHS))]
    return TeamStatementBlock(
        currency=sums[0].currency,
        charge=team_charge(
            team_id, now, before, basis.names_in(sums[0].currency), parent=parent if parent in parents else None
        ),
        services=_services(now, before),
        trend=tuple(
            (month, sum_of(each for each in sums if each.billing_period_start in Period.month_of(month)))
            for month in months
        ),
    )


def _services(now: Sequence[OwedSum], before: Sequence[OwedSum]) -> tuple[ServiceCharge, ...]:
    """Every service of either month, the dearest first."""
    charges = (
        _service(keys, [each for each in now if each.keys == keys], [each for each in before if each.keys == keys])
        for keys in {each.keys for each in (*now, *before)}
    )
    return tuple(sorted(charges, key=lambda charge: (-charge.total, charge.service_name or "", str(charge))))


def _service(keys: tuple[str | None, ...], now: Sequence[OwedSum], before: Sequence[OwedSum]) -> ServiceCharge:
    provider, service = keys
    return ServiceCharge(
        service_provider_name=provider,
        service_name=service,
        direct=sum_of(each for each in now if each.pool_id is None),
        shared=sum_of(each for each in now if each.pool_id is not None),
        total=sum_of(now),
        previous_total=sum_of(before),
    )
