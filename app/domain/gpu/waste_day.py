"""A day of a resource: its waterfall in minutes and money. Every sum of cells is what was paid, to the last digit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from app.domain.gpu.cutting import cut, rounded
from app.domain.gpu.price import PricedHour, PurchaseOption
from app.domain.gpu.recoverable import SHRINKING
from app.domain.gpu.sharing import Share
from app.domain.gpu.states import WasteState
from app.domain.gpu.waterfall import Cell, Mix, add, minutes_of
from app.domain.money import EXACT, ZERO


class Paid(NamedTuple):
    """What the parts of a resource's cost are told apart by."""

    billing_currency: str
    purchase_option: PurchaseOption
    team_id: str | None
    pool_id: str | None
    accelerator: str | None

    @classmethod
    def of(cls, part: PricedHour) -> "Paid":
        """What a part is told apart by."""
        return cls(part.billing_currency, part.purchase_option, part.team_id, part.pool_id, part.accelerator)


@dataclass
class Waste:
    """Board-minutes in a state, what they cost, and what of that could be had back as capacity and on the bill."""

    board_minutes: Decimal = ZERO
    effective_cost: Decimal = ZERO
    recoverable_capacity_cost: Decimal = ZERO
    recoverable_bill_cost: Decimal = ZERO


class _Rate(NamedTuple):
    """Windows of one price: what they cost together is cut once, so that the same minutes cost the same."""

    paid: Paid
    cost: Decimal
    factor: Fraction
    minutes: Share


@dataclass
class WasteDay:
    """The waterfall of a resource on a day, window by window."""

    _mixes: dict[_Rate, Mix] = field(default_factory=dict)
    _windows: dict[_Rate, int] = field(default_factory=dict)

    def add(self, parts: Iterable[PricedHour], factors: Iterable[Fraction], mix: Mix) -> None:
        """A window that cost what `parts` say, each of which counts its minutes as often as its factor says."""
        minutes = minutes_of(mix)
        for part, factor in zip(parts, factors, strict=True):
            rate = _Rate(Paid.of(part), part.effective_cost, factor, minutes)
            so_far = self._mixes.setdefault(rate, {})
            for cell, weight in mix.items():
                add(so_far, cell, weight)
            self._windows[rate] = self._windows.get(rate, 0) + 1

    def cells(self) -> Iterator[tuple[Paid, Cell, Waste]]:
        """The cells of the day; one may come several times, once for each price."""
        for rate, mix in self._mixes.items():
            cost = EXACT.multiply(rate.cost, Decimal(self._windows[rate]))
            for cell, waste in _priced(cost, rate, mix):
                yield rate.paid, cell, waste


def _priced(cost: Decimal, rate: _Rate, mix: Mix) -> Iterator[tuple[Cell, Waste]]:
    if not rate.minutes:
        yield _nowhere(mix), Waste(effective_cost=cost)
        return
    costs = iter(cut(cost, [each for weight in mix.values() for each in weight]))
    minutes = rounded([weight.minutes * rate.factor for weight in mix.values()])
    shrinks = rate.paid.purchase_option in SHRINKING
    for (cell, _), board_minutes in zip(mix.items(), minutes, strict=True):
        on_free, on_used, rest = next(costs), next(costs), next(costs)
        capacity = EXACT.add(on_free, on_used)
        yield cell, Waste(board_minutes, EXACT.add(capacity, rest), capacity, on_free if shrinks else ZERO)


def _nowhere(mix: Mix) -> Cell:
    """Where cost goes that no minute was paid for with."""
    return next(iter(mix), Cell(WasteState.UNKNOWN))
