"""A team's statement: what it owes for a billing month, for which services, and how that moved over a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.chargeback import OwedSum
from app.db.queries.teams import teams_in_force
from app.domain.charge import Metric
from app.domain.money import ZERO
from app.domain.ownership import Team
from app.domain.period import Period, months_back
from app.domain.statement import CostType, StatementState
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.chargeback import moved_since
from app.reports.owed import TeamCharge, charged_of, direct_of, of_type, shared_of, sum_of, team_charge
from app.reports.shown_statement import ShownStatement, told
from app.reports.statement_ground import Ground, ground, owed_in
from app.reports.visibility import sees_everything, visible_teams

_SERVICE = ("service_provider_name", "service_name")
_MONTHS = 13  # the month itself and the twelve before it, so that the same month of last year is there


@dataclass(frozen=True)
class ServiceCharge:
    """What a team owes for one service: `total` is direct + shared + adjustments + commitment benefit + markup.

    Markup is for no service of its own, and `charged`, in whole minor units, comes from a statement only.
    """

    service_provider_name: str | None
    service_name: str | None
    direct: Decimal
    shared: Decimal
    total: Decimal
    previous_total: Decimal
    adjustments: Decimal = ZERO
    commitment_benefit: Decimal = ZERO
    markup: Decimal = ZERO
    charged: Decimal | None = None


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
    statement: ShownStatement | None = None  # None: from live charges, as `ChargebackReport` says


def team_statement(
    session: Session,
    viewer: Viewer,
    period: Period,
    team_id: str,
    metric: Metric | None = None,
    *,
    state: StatementState | None = None,
) -> TeamStatement:
    """The statement of `team_id` for the billing month `period`, without the teams below it.

    Which statement it is from, and what else it raises, is as for `chargeback`. Raises NotFound for a team that does
    not exist or that `viewer` may not see.
    """
    parents = _parents(session, viewer, team_id)
    basis = ground(session, period, metric, state)
    span = Period(months_back(period.start, _MONTHS - 1), period.end)
    sums = owed_in(session, basis, span, test=lambda team: team == team_id, by=_SERVICE)
    moved = moved_since(session, basis, lambda team: team == team_id)
    blocks = (
        _block(currency, [each for each in sums if each.currency == currency], basis, _Payer(team_id, parents, moved))
        for currency in sorted({*(each.currency for each in sums), *(currency for currency, _ in moved or {})})
    )
    statement = told(basis.statement, everything=sees_everything(viewer)) if basis.statement else None
    return TeamStatement(period, basis.metric, tuple(blocks), statement)


@dataclass(frozen=True)
class _Payer:
    """The team whose statement it is, the teams that may be named as its parent, and what has moved for it."""

    team_id: str
    parents: frozenset[str]
    moved: Mapping[tuple[str, str | None], Decimal] | None

    def parent(self, team: Team | None) -> str | None:
        return team.parent if team and team.parent in self.parents else None

    def moved_in(self, currency: str) -> Decimal | None:
        return None if self.moved is None else self.moved.get((currency, self.team_id), ZERO)


def _parents(session: Session, viewer: Viewer, team_id: str) -> frozenset[str]:
    """The teams that may be named as the parent of `team_id`."""
    visible = visible_teams(session, viewer)
    known = frozenset(team.id for team in teams_in_force(session))
    shown = known if visible is None else known & visible
    if team_id not in shown:
        raise NotFound(f"There is no team '{team_id}' that you may see. GET /api/v1/teams lists them.")
    return shown


def _block(currency: str, sums: Sequence[OwedSum], basis: Ground, payer: _Payer) -> TeamStatementBlock:
    period = basis.period
    previous = period.previous_month()
    now = [each for each in sums if each.billing_period_start in period]
    before = [each for each in sums if each.billing_period_start in previous]
    months = [months_back(period.start, back) for back in reversed(range(_MONTHS))]
    return TeamStatementBlock(
        currency=currency,
        charge=team_charge(
            payer.team_id,
            now,
            before,
            basis.names_in(currency),
            parent=payer.parent(basis.names.teams.get(payer.team_id)),
            moved=payer.moved_in(currency),
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
        direct=direct_of(now),
        shared=sum_of(shared_of(now)),
        total=sum_of(now),
        previous_total=sum_of(before),
        adjustments=of_type(now, CostType.ADJUSTMENT),
        commitment_benefit=of_type(now, CostType.COMMITMENT_BENEFIT),
        markup=of_type(now, CostType.MARKUP),
        charged=charged_of(now),
    )
