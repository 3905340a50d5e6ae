"""A change in the reporting currency, told apart: what cost more, and what only its currency made dearer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.domain.largest_remainder import whole_units
from app.domain.money import EXACT, total
from app.domain.reporting_currency import ReportingRates

Amounts = Mapping[str, Decimal]  # by billing currency


@dataclass(frozen=True)
class Effects:
    """Amounts of two periods in the reporting currency; `before` + `cost_effect` + `fx_effect` = `now`, exactly."""

    before: Fraction
    now: Fraction
    fx_effect: Fraction

    @property
    def cost_effect(self) -> Fraction:
        """What the change comes to at the rates of before."""
        return self.now - self.before - self.fx_effect


@dataclass(frozen=True)
class ShownEffects:
    """The same in whole minor units. Along a line and down a column, they add up."""

    before: Decimal
    now: Decimal
    change: Decimal
    cost_effect: Decimal
    fx_effect: Decimal


def effects(before: Amounts, now: Amounts, then: ReportingRates, current: ReportingRates) -> Effects:
    """What moved between two periods, with the rates of each (`then`, `current`).

    In each billing currency, (now − before) × rate before is the cost effect and now × (rate now − rate before) the FX
    effect: the price of the currency is charged to what is bought now, so nothing is left over.
    """
    return Effects(
        before=sum((Fraction(amount) * then.value(name) for name, amount in before.items()), Fraction(0)),
        now=sum((Fraction(amount) * current.value(name) for name, amount in now.items()), Fraction(0)),
        fx_effect=sum(
            (Fraction(amount) * (current.value(name) - then.value(name)) for name, amount in now.items()), Fraction(0)
        ),
    )


def shown(rows: Iterable[Effects], unit: Decimal) -> tuple[ShownEffects, ...]:
    """`rows` in multiples of `unit`. Each column adds up to its exact sum, itself rounded; the cost effect is the rest.

    So the cost effect of a row may be two units away from its exact value, and everything else less than one.
    """
    exact = tuple(rows)
    columns = ([row.before for row in exact], [row.now for row in exact], [row.fx_effect for row in exact])
    return tuple(_shown(*cells) for cells in zip(*(whole_units(column, unit) for column in columns), strict=True))


def summed(rows: Iterable[ShownEffects]) -> ShownEffects:
    """The rows added up."""
    each = tuple(rows)
    return _shown(
        total(row.before for row in each), total(row.now for row in each), total(row.fx_effect for row in each)
    )


def _shown(before: Decimal, now: Decimal, fx_effect: Decimal) -> ShownEffects:
    change = EXACT.subtract(now, before)
    return ShownEffects(before, now, change, EXACT.subtract(change, fx_effect), fx_effect)
