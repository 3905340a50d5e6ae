"""Quantities that are posted one by one, each under a key of the poster's own by which it can be replaced."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.driver_columns import LONGEST, dimension_problem, said
from app.domain.invoice_cells import WrongCellError, value_of
from app.errors import BadInput

_PROBLEMS_TOLD = 20
_TEXTS = ("source", "key", "name", "unit")


@dataclass(frozen=True)
class PostedQuantity:
    """How much of something there was on a UTC day; no quantity takes back what was posted under the key."""

    source: str
    key: str  # within the source
    day: date
    name: str
    unit: str
    quantity: Decimal | None
    service_provider_name: str | None
    dimensions: str  # flat JSON, names in order


@dataclass(frozen=True)
class Item:
    """A quantity as it was posted: nothing of it is checked yet."""

    source: str
    key: str
    day: date
    name: str
    unit: str
    quantity: str | int | None
    service_provider_name: str | None
    dimensions: Mapping[str, str | None]


@dataclass(frozen=True)
class PostedLoad:
    """A load that a post made."""

    source: str
    period: date
    load_id: int


@dataclass(frozen=True)
class Taken:
    """What became of the quantities of a post."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    loads: tuple[PostedLoad, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.new + other.new,
            self.replaced + other.replaced,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
            (*self.loads, *other.loads),
        )


def posted_quantities(items: Iterable[Item]) -> tuple[PostedQuantity, ...]:
    """The quantities that `items` are. Raises BadInput with everything that is wrong in them, by position from 1."""
    found: list[PostedQuantity] = []
    problems: list[str] = []
    places: dict[tuple[str, str], int] = {}
    for number, item in enumerate(items, start=1):
        wrong = [*_problems(item)]
        quantity, unread = _quantity(item.quantity)
        wrong += [unread] if unread else []
        earlier = places.setdefault((item.source, item.key), number)
        if earlier != number:
            wrong.append(f"the same source and key as quantity {earlier}")
        problems += [f"quantity {number}: {each}" for each in wrong]
        found.append(_posted(item, quantity))
    _refuse(problems)
    return tuple(found)


def _posted(item: Item, quantity: Decimal | None) -> PostedQuantity:
    dimensions = json.dumps(said(item.dimensions), ensure_ascii=False)
    provider = item.service_provider_name or None
    return PostedQuantity(item.source, item.key, item.day, item.name, item.unit, quantity, provider, dimensions)


def _problems(item: Item) -> Iterator[str]:
    texts = {name: getattr(item, name) for name in _TEXTS}
    yield from (f"{name} is empty" for name, text in texts.items() if not text.strip())
    texts |= {"service_provider_name": item.service_provider_name or ""}
    texts |= {f"dimension {name}": value or "" for name, value in item.dimensions.items()}
    yield from (f"{name} has more than {LONGEST} characters" for name, text in texts.items() if len(text) > LONGEST)
    # PostgreSQL keeps no such character.
    yield from (f"{name} has a character that is none (NUL)" for name, text in texts.items() if "\0" in text + name)
    for name in item.dimensions:
        if problem := dimension_problem(name):
            yield f"the dimension '{name}' {problem}"
    if not 2000 <= item.day.year < 2200:
        yield f"day {item.day} is none that can be meant"


def _quantity(told: str | int | None) -> tuple[Decimal | None, str | None]:
    """The quantity, and what is wrong with it."""
    if told is None:
        return None, None
    try:
        found = value_of("amount", str(told))
    except WrongCellError as error:
        return None, f"quantity {error}"
    assert isinstance(found, Decimal)
    if found < 0:
        return None, f"quantity {told} is less than nothing; post what it shall be under the same key instead"
    return found, None


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        more = [f"and {len(problems) - _PROBLEMS_TOLD:,} more"] if len(problems) > _PROBLEMS_TOLD else []
        raise BadInput("\n  ".join(["No quantity was taken.", *problems[:_PROBLEMS_TOLD], *more]))
