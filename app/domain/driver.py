"""Drivers: daily quantities that explain cost, such as tokens by model or a gateway's spend by team."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class KnownDriver:
    """A driver as a source's live loads have it: from when to when, on how many days, by which dimensions."""

    name: str
    unit: str
    source: str
    first_day: date
    last_day: date
    days: int  # that have a quantity
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class DimensionQuantity:
    """How much of a driver a value of a dimension has in a billing period; no value where the dimension is not said."""

    value: str | None
    unit: str
    quantity: Decimal
    idle: bool = False  # it ran and nobody used it
