"""How the pools of a statement were split: by what, and which quantities no team answers for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.policies import AppliedPolicy
from app.chargeback.pool_basis import PoolBases
from app.db.tables.statements import Statement
from app.domain.driver_basis import DriverBasis, FellBack
from app.domain.money import plain
from app.domain.period import Period
from app.domain.policy import Pool, Split
from app.domain.split_record import SplitRecord, from_json, split_record


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
    """How the pools of a billing month are split: as its statement keeps it, or else by what is live."""

    def __init__(
        self, session: Session, applied: AppliedPolicy | None, period: Period, statement: Statement | None = None
    ) -> None:
        self._kept = from_json(statement.splits) if statement else None
        self._pools: tuple[Pool, ...] = applied.policy.pools if applied and not statement else ()
        self._bases = PoolBases(session, applied.policy, period.start) if applied else None

    def records(self, currency: str) -> Iterable[SplitRecord]:
        """The splits in `currency`, of every pool. Of what is live, without weights and shares."""
        if self._kept is not None:
            return [each for each in self._kept if each.currency == currency]
        return [split_record(pool, currency, self._basis(pool, currency)) for pool in self._pools]

    def words(self, currency: str) -> Mapping[str, str]:
        """How each pool is split, by its id: `evenly`, `by gateway_spend`, …."""
        return {each.pool_id: each.words for each in self.records(currency)}

    def by_driver(self, currency: str, pool_ids: Iterable[str]) -> tuple[PoolSplit, ...]:
        """Those of `pool_ids` that are split by a driver."""
        wanted = set(pool_ids)
        return tuple(_pool_split(each) for each in self.records(currency) if each.driver and each.pool_id in wanted)

    def _basis(self, pool: Pool, currency: str) -> DriverBasis | None:
        return self._bases.basis(pool, currency) if self._bases else None


def _pool_split(record: SplitRecord) -> PoolSplit:
    assert record.driver is not None
    assert record.dimension is not None
    return PoolSplit(
        pool_id=record.pool_id,
        pool_name=record.pool_name,
        driver=record.driver,
        dimension=record.dimension,
        used=record.used,
        fell_back=record.fell_back,
        words=record.words,
        unit=record.unit,
        quantity=record.quantity,
        left_out=record.left_out,
        left_out_values=tuple(LeftOut(value, quantity) for value, quantity in record.left_out_values),
    )
