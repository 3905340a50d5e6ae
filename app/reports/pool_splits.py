"""How the pools of a statement were split: by what, and which quantities no team answers for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.policies import AppliedPolicy
from app.chargeback.pool_basis import PoolBases
from app.domain.driver_basis import DriverBasis, FellBack, left_out_total, split_words
from app.domain.money import EXACT, plain, total
from app.domain.period import Period
from app.domain.policy import Pool, Split

_SHOWN = 20  # values that are named; the totals count all of them


@dataclass(frozen=True)
class LeftOut:
    """A quantity that stands for no team that pays; `value` is what the driver's dimension says, if anything."""

    value: str | None
    quantity: Decimal


@dataclass(frozen=True)
class PoolSplit:
    """How a pool that is split by a driver was split in a billing month and currency.

    `quantity` + `left_out` is every quantity of the driver that the policy's filter lets pass. `used` is the split
    that was used: `driver`, or the fallback, for the reason in `fell_back`.
    """

    pool_id: str
    pool_name: str
    driver: str
    dimension: str
    used: Split
    fell_back: FellBack | None
    words: str
    unit: str | None
    quantity: Decimal
    left_out: Decimal
    left_out_values: tuple[LeftOut, ...]  # the largest first


def split_sentence(pool: PoolSplit) -> str:
    """How a pool was split, and what no team answers for, for a reader of the whole statement."""
    told = f"{pool.pool_name} is split {pool.words}"
    if pool.left_out:
        values = ", ".join(each.value or f"no {pool.dimension}" for each in pool.left_out_values)
        told += f"; left out, for no team that pays: {plain(pool.left_out)} {pool.unit} ({values})"
    return f"{told}."


class Splits:
    """How the pools of a policy are split in a billing month."""

    def __init__(self, session: Session, applied: AppliedPolicy | None, period: Period) -> None:
        self._pools: tuple[Pool, ...] = applied.policy.pools if applied else ()
        self._bases = PoolBases(session, applied.policy, period.start) if applied else None

    def words(self, currency: str) -> Mapping[str, str]:
        """How each pool is split, by its id: `evenly`, `by gateway_spend`, …."""
        return {pool.id: split_words(pool, basis) for pool, basis in self._with_basis(currency)}

    def by_driver(self, currency: str, pool_ids: Iterable[str]) -> tuple[PoolSplit, ...]:
        """Those of `pool_ids` that are split by a driver."""
        wanted = set(pool_ids)
        return tuple(
            _pool_split(pool, basis) for pool, basis in self._with_basis(currency) if basis and pool.id in wanted
        )

    def _with_basis(self, currency: str) -> Iterable[tuple[Pool, DriverBasis | None]]:
        return ((pool, self._bases.basis(pool, currency) if self._bases else None) for pool in self._pools)


def _pool_split(pool: Pool, basis: DriverBasis) -> PoolSplit:
    assert pool.by is not None
    left_out = sorted(basis.left_out.items(), key=lambda item: (EXACT.minus(item[1]), item[0] or ""))
    return PoolSplit(
        pool_id=pool.id,
        pool_name=pool.name,
        driver=pool.by.driver,
        dimension=pool.by.dimension,
        used=basis.used,
        fell_back=basis.fell_back,
        words=split_words(pool, basis),
        unit=basis.unit,
        quantity=total(basis.by_team.values()),
        left_out=left_out_total(basis),
        left_out_values=tuple(LeftOut(value, quantity) for value, quantity in left_out[:_SHOWN]),
    )
