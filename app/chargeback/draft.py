"""A statement as its basis makes it: drawn for posting, and drawn again for whoever wants to compare."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.chargeback.basis import Basis
from app.chargeback.pool_basis import PoolBases
from app.chargeback.summing import owned_costs, statement_metric
from app.db.statements import drop_draft, replace_draft
from app.db.tables.statements import Statement
from app.domain.allocation import PARTS, pool_weights, shares_of_pools, team_weights
from app.domain.drafting import ALLOCATION_VERSION, statement_lines
from app.domain.money import EXACT, ZERO
from app.domain.policy import BetweenPools, Policy
from app.domain.split_record import SplitRecord, as_json, split_record
from app.domain.statement import OwnedCost, Shares, StatementLine


@dataclass(frozen=True)
class Drawn:
    """The lines of a statement, without adjustments, and how its pools were split."""

    lines: tuple[StatementLine, ...]
    shares: Shares
    records: tuple[SplitRecord, ...]

    @property
    def splits(self) -> list[dict[str, Any]]:
        """The records as `statement.splits` holds them: pool, currency, method in words, weights, unit, shares, …."""
        return [as_json(record) for record in self.records]


def draw(session: Session, basis: Basis) -> Drawn:
    """The statement that `basis` makes. It changes nothing and takes no lock.

    The same basis gives the same lines for ever, as long as ALLOCATION_VERSION is the one it was first drawn by.
    """
    return draw_from(session, basis, owned_costs(session, basis))


def draw_from(session: Session, basis: Basis, owned: Iterable[OwnedCost]) -> Drawn:
    """`draw`, for a caller who has summed the costs of `basis` already."""
    costs = tuple(owned)
    policy = basis.applied.policy if basis.applied else None
    if policy is None:
        return Drawn(statement_lines(costs, {}, None), {}, ())
    shares, records = _shares(session, basis, policy, costs)
    return Drawn(statement_lines(costs, shares, policy), shares, records)


def write_draft(session: Session, basis: Basis, drawn: Drawn) -> None:
    """Makes `drawn` the draft of its billing period; without a load there is none. Adjustments in it stay."""
    if not basis.loads:
        drop_draft(session, basis.period)
        return
    draft = Statement(
        billing_period_start=basis.period,
        metric=statement_metric(basis).value,
        allocation_version=ALLOCATION_VERSION,
        policy_version_id=basis.applied.version if basis.applied else None,
        loads=list(basis.loads),
        splits=drawn.splits,
    )
    replace_draft(session, draft, drawn.lines)


@dataclass(frozen=True)
class _Direct:
    """Direct effective cost in one currency, which proportional splits go by."""

    of_teams: dict[str, Decimal]
    of_pools: dict[str, Decimal]


def _direct_costs(owned: Iterable[OwnedCost]) -> dict[str, _Direct]:
    """By currency; every currency of the period appears."""
    found: defaultdict[str, _Direct] = defaultdict(lambda: _Direct({}, {}))
    for cost in owned:
        direct = found[cost.billing_currency]
        if cost.team_id is not None:
            direct.of_teams[cost.team_id] = EXACT.add(direct.of_teams.get(cost.team_id, ZERO), cost.effective_cost)
        elif cost.pool_id is not None:
            direct.of_pools[cost.pool_id] = EXACT.add(direct.of_pools.get(cost.pool_id, ZERO), cost.effective_cost)
    return dict(found)


def _shares(
    session: Session, basis: Basis, policy: Policy, owned: Iterable[OwnedCost]
) -> tuple[Shares, tuple[SplitRecord, ...]]:
    by_driver = PoolBases(session, policy, basis.period, basis.loads)
    only_teams = policy.between_pools is BetweenPools.DIRECT
    shares: dict[tuple[str, str], dict[str, int]] = {}
    records: list[SplitRecord] = []
    for currency, direct in sorted(_direct_costs(owned).items()):
        bases = by_driver.by_pool(currency)
        parts = shares_of_pools(
            policy.pools, policy.between_pools, by_driver.teams, direct.of_teams, direct.of_pools, bases
        )
        for pool in policy.pools:
            of_pool = parts[pool.id]
            assert sum(of_pool.values()) in {0, PARTS}, f"the shares of pool {pool.id} do not add up to 1"
            shares[currency, pool.id] = of_pool
            records.append(
                split_record(
                    pool,
                    currency,
                    bases.get(pool.id),
                    weights=team_weights(pool, by_driver.teams, direct.of_teams, bases.get(pool.id)),
                    pool_weights={} if only_teams else pool_weights(pool, direct.of_pools),
                    parts=of_pool,
                )
            )
    return shares, tuple(records)
