"""What a pool that is split by a driver goes by. Posting and statements both ask here, so they cannot disagree."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.db.queries.drivers import split_quantities
from app.domain.allocation import payers
from app.domain.driver import DimensionQuantity
from app.domain.driver_basis import DriverBasis, driver_basis
from app.domain.ownership import overlap
from app.domain.period import next_month
from app.domain.policy import Policy, Pool


@dataclass(frozen=True)
class _Span:
    """A billing period, as something that holds from one day to another."""

    valid_from: date
    valid_to: date


def teams_in(policy: Policy, period: date) -> frozenset[str]:
    """The teams that exist on some day of a billing period."""
    span = _Span(period, next_month(period))
    return frozenset(team.id for team in policy.teams if overlap(team, span))


class PoolBases:
    """What the pools of a policy go by in one billing period; each driver is summed once.

    `loads` are those whose quantities count; None means the live ones.
    """

    def __init__(self, session: Session, policy: Policy, period: date, loads: Collection[int] | None = None) -> None:
        self._session, self._period, self._loads, self._pools = session, period, loads, policy.pools
        self.teams: AbstractSet[str] = teams_in(policy, period)
        self._quantities: dict[str, Iterable[DimensionQuantity]] = {}

    def basis(self, pool: Pool, currency: str) -> DriverBasis | None:
        """What `pool` goes by in `currency`; None when it is not split by a driver."""
        if pool.by is None:
            return None
        if pool.id not in self._quantities:
            self._quantities[pool.id] = split_quantities(self._session, pool.by, self._period, self._loads)
        paying = payers(pool, self.teams) | self.teams & {pool.by.idle_team}
        return driver_basis(pool.by, paying, currency, self._quantities[pool.id])

    def by_pool(self, currency: str) -> dict[str, DriverBasis]:
        """What each pool that is split by a driver goes by in `currency`, by its id."""
        found = {pool.id: self.basis(pool, currency) for pool in self._pools}
        return {pool_id: basis for pool_id, basis in found.items() if basis}
