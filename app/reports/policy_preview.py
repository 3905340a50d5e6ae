"""What a policy would move, by team, before it is applied."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.chargeback.applying import put_in_force
from app.chargeback.basis import Basis, live_basis
from app.chargeback.draft import draw
from app.chargeback.policies import AppliedPolicy
from app.chargeback.posting import lock_posting
from app.db.queries.chargeback import billing_periods_with_figures
from app.domain.charge import Metric
from app.domain.money import EXACT, ZERO
from app.domain.ownership import Team
from app.domain.period import Period
from app.domain.policy import Policy
from app.domain.policy_document import parse_policy
from app.domain.viewer import Scope, Viewer
from app.errors import NotFound
from app.reports.owed import UNALLOCATED, names_in

Owner = tuple[str, str | None]  # currency and team; None is unallocated
_NONE = 0  # the version of no policy: it assigns nothing


@dataclass(frozen=True)
class Move:
    """What one team owes for the charges of a billing period under the policy in force, and under the one previewed.

    For a period that is closed it is what adjustments would move: its statement stays as it is. Amounts are exact.
    """

    period: Period
    currency: str
    team_id: str | None
    name: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """What would move; over all teams and the unallocated of a period and currency it is zero."""
        return EXACT.subtract(self.after, self.before)


def policy_preview(bound: Engine, viewer: Viewer, document: str, *periods: Period) -> tuple[Move, ...]:
    """Each team's part of `periods`, or of the newest, before and after `document`; by period, largest change first.

    Both sides are drawn from live charges as a draft is, on the cost that `document` draws statements on; the policy is
    really applied for that, in a transaction that is rolled back. Raises PolicyError with every problem in the
    document, NotFound when there is no billing period yet.
    """
    viewer.require_everything(Scope.WRITE_POLICY)
    policy = parse_policy(document)
    with Session(bound) as session:
        lock_posting(session)  # both sides of the comparison are of one moment
        asked = periods or _newest(session)
        before = {period: live_basis(session, period.start) for period in asked}
        owed = {period: _owed(session, basis, policy.statement_metric) for period, basis in before.items()}
        put_in_force(session, document, applied_by=viewer.name, periods=[])
        moves = [
            move
            for period in asked
            for move in _moves(
                period,
                owed[period],
                _owed(session, live_basis(session, period.start), policy.statement_metric),
                _names(period, before[period], policy),
            )
        ]
        session.rollback()
    return tuple(moves)


def _newest(session: Session) -> tuple[Period, ...]:
    found = billing_periods_with_figures(session)
    if not found:
        raise NotFound("There is no billing period yet, so a policy moves nothing. Ingest a bill first.")
    return (Period.month_of(found[0]),)


def _owed(session: Session, basis: Basis, metric: Metric) -> dict[Owner, Decimal]:
    """What each team owes in a statement drawn from `basis` on `metric`."""
    applied = basis.applied or AppliedPolicy(_NONE, Policy("none"))
    applied = replace(applied, policy=replace(applied.policy, statement_metric=metric))
    owed: defaultdict[Owner, Decimal] = defaultdict(lambda: ZERO)
    for line in draw(session, replace(basis, applied=applied)).lines:
        owner = line.key.billing_currency, line.key.team_id
        owed[owner] = EXACT.add(owed[owner], line.exact_amount)
    return owed


def _names(period: Period, before: Basis, after: Policy) -> dict[str, str]:
    """What the teams are called, by the policy previewed if it knows them."""
    old: Iterable[Team] = before.applied.policy.teams if before.applied else ()
    known = names_in(period, old, {}).teams | names_in(period, after.teams, {}).teams
    return {team_id: team.name for team_id, team in known.items()}


def _moves(
    period: Period, before: Mapping[Owner, Decimal], after: Mapping[Owner, Decimal], names: Mapping[str, str]
) -> list[Move]:
    currencies = {currency for currency, _ in (*before, *after)}
    owners = {*before, *after, *((currency, None) for currency in currencies)}
    moves = [
        Move(
            period,
            currency,
            team_id,
            UNALLOCATED if team_id is None else names.get(team_id, team_id),
            before.get((currency, team_id), ZERO),
            after.get((currency, team_id), ZERO),
        )
        for currency, team_id in owners
    ]
    return sorted(moves, key=lambda move: (move.currency, -abs(move.change), move.name, move.team_id or ""))
