"""A rate card: what a company's own GPU machines cost it, as its finance people write it down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.period import next_month


@dataclass(frozen=True)
class Validity:
    """The days on which a rate holds; no end means until further notice."""

    start: date | None = None
    end: date | None = None  # the first day on which it does not hold any more

    def __contains__(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True)
class MonthlyRate:
    """A fixed amount for a calendar month, such as colocation or a flat fee for power."""

    per_month: Decimal
    valid: Validity


@dataclass(frozen=True)
class PowerRate:
    """Power by what a machine draws: kW × PUE × 24 h × price a day."""

    kw: Decimal
    pue: Decimal
    price_per_kwh: Decimal
    valid: Validity


@dataclass(frozen=True)
class Purchase:
    """How a machine was bought, and over how many calendar months its price is spread in equal parts."""

    price: Decimal
    bought_on: date
    months: int
    residual: Decimal  # what it is worth after that; never depreciated


@dataclass(frozen=True)
class Machine:
    """A machine that the company owns."""

    id: str
    name: str
    model: str
    gpus: int
    currency: str
    purchase: Purchase
    colocation: Sequence[MonthlyRate]
    power: Sequence[MonthlyRate | PowerRate]
    cluster: str | None
    site: str | None
    tags: Mapping[str, str]
    retired_on: date | None  # the first day without it


@dataclass(frozen=True)
class RateCard:
    """The machines of an owner."""

    owner_id: str
    owner_name: str
    machines: Sequence[Machine]
    start: date | None  # of the first month to make rows for; None: the month of the first purchase
    end: date | None  # the day after the last month to make rows for; None: it is said elsewhere

    @property
    def months(self) -> list[date]:
        """The first days of the months that the card makes rows for. Call it only on a card with an end."""
        assert self.end is not None
        first = min(machine.purchase.bought_on for machine in self.machines).replace(day=1)
        month, found = max(first, self.start or first), []
        while month < self.end:
            found.append(month)
            month = next_month(month)
        return found
