"""How a pool was split in a billing period and currency, as a statement keeps it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from app.domain.allocation import PARTS_DIGITS
from app.domain.driver_basis import DriverBasis, FellBack, left_out_total, split_words
from app.domain.money import EXACT, ZERO, plain, total
from app.domain.policy import Pool, Split

_NAMED = 20  # values that are named; the totals count all of them
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class SplitRecord:
    """What a pool was split by, the weight of every team and pool that pays it, and the shares that came of it.

    `used` is the split that was used: the pool's own, or the fallback for the reason in `fell_back`. Of a split by
    driver, `quantity` is that of the teams that pay, and `left_out` what stands for no such team. The shares are of
    teams alone: what goes to another pool is in them by way of that pool.
    """

    pool_id: str
    pool_name: str
    currency: str
    used: Split
    words: str
    weights: Mapping[str, Decimal]  # by team
    pool_weights: Mapping[str, Decimal]
    shares: Mapping[str, Decimal]  # by team; together 1, or none
    driver: str | None = None
    dimension: str | None = None
    unit: str | None = None
    fell_back: FellBack | None = None
    quantity: Decimal = ZERO
    left_out: Decimal = ZERO
    left_out_values: tuple[tuple[str | None, Decimal], ...] = ()  # the largest first


def split_record(
    pool: Pool,
    currency: str,
    basis: DriverBasis | None,
    *,
    weights: Mapping[str, Fraction] = _NONE,
    pool_weights: Mapping[str, Fraction] = _NONE,
    parts: Mapping[str, int] = _NONE,
) -> SplitRecord:
    """The record of a pool that is split into `parts`, in parts per trillion by team."""
    by_driver: dict[str, Any] = {}
    if basis and pool.by:
        left_out = sorted(basis.left_out.items(), key=lambda item: (EXACT.minus(item[1]), item[0] or ""))
        by_driver = {
            "driver": pool.by.driver,
            "dimension": pool.by.dimension,
            "unit": basis.unit,
            "fell_back": basis.fell_back,
            "quantity": total(basis.by_team.values()),
            "left_out": left_out_total(basis),
            "left_out_values": tuple(left_out[:_NAMED]),
        }
    return SplitRecord(
        pool_id=pool.id,
        pool_name=pool.name,
        currency=currency,
        used=basis.used if basis else pool.split,
        words=split_words(pool, basis),
        weights=_decimals(weights),
        pool_weights=_decimals(pool_weights),
        shares={team: EXACT.scaleb(Decimal(parts[team]), -PARTS_DIGITS) for team in sorted(parts)},
        **by_driver,
    )


def _decimals(weights: Mapping[str, Fraction]) -> dict[str, Decimal]:
    """Weights come from decimals, so the division ends."""
    return {
        key: EXACT.divide(Decimal(weights[key].numerator), Decimal(weights[key].denominator)) for key in sorted(weights)
    }


def as_json(record: SplitRecord) -> dict[str, Any]:
    """The record as a statement's `splits` hold it; numbers are text, so that no digit is lost."""
    return {
        "pool": record.pool_id,
        "name": record.pool_name,
        "currency": record.currency,
        "used": record.used.value,
        "words": record.words,
        "weights": _texts(record.weights),
        "pool_weights": _texts(record.pool_weights),
        "shares": _texts(record.shares),
        "driver": record.driver,
        "dimension": record.dimension,
        "unit": record.unit,
        "fell_back": record.fell_back and record.fell_back.value,
        "quantity": plain(record.quantity),
        "left_out": plain(record.left_out),
        "left_out_values": [[value, plain(quantity)] for value, quantity in record.left_out_values],
    }


def from_json(splits: Iterable[Mapping[str, Any]]) -> tuple[SplitRecord, ...]:
    """The records in a statement's `splits`."""
    return tuple(
        SplitRecord(
            pool_id=each["pool"],
            pool_name=each["name"],
            currency=each["currency"],
            used=Split(each["used"]),
            words=each["words"],
            weights=_numbers(each["weights"]),
            pool_weights=_numbers(each["pool_weights"]),
            shares=_numbers(each["shares"]),
            driver=each["driver"],
            dimension=each["dimension"],
            unit=each["unit"],
            fell_back=FellBack(each["fell_back"]) if each["fell_back"] else None,
            quantity=Decimal(each["quantity"]),
            left_out=Decimal(each["left_out"]),
            left_out_values=tuple((value, Decimal(quantity)) for value, quantity in each["left_out_values"]),
        )
        for each in splits
    )


def _texts(numbers: Mapping[str, Decimal]) -> dict[str, str]:
    return {key: plain(number) for key, number in numbers.items()}


def _numbers(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {key: Decimal(text) for key, text in texts.items()}
