"""A question about drivers: which quantity, when, grouped how."""

import re
from dataclasses import dataclass
from datetime import date

from app.errors import BadInput
from app.reports.cost_query import Filter, Granularity, unescaped

_RESERVED = {"unit", "period_start", "quantity"}  # what every row of an answer has
_FILTER = re.compile(r"(?P<exclude>!?)(?P<name>[^:=]+)[:=](?P<values>.*)", re.DOTALL)


@dataclass(frozen=True)
class DriverQuery:
    """The quantities called `name` of the days from `start` up to, not including, `end`.

    Dimensions are what the source says of a quantity (model, token_class, team, …), `service_provider_name`, and
    `source`. Quantities in different units are never added, so every answer tells them apart.
    """

    start: date
    end: date
    name: str
    granularity: Granularity = Granularity.TOTAL
    group_by: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadInput(f"start must be before end (end is exclusive); {self.start} is not before {self.end}.")
        if len(set(self.group_by)) < len(self.group_by):
            raise BadInput("group_by names a dimension twice.")
        for name in self.group_by:
            if name in _RESERVED:
                raise BadInput(f"Quantities cannot be grouped by '{name}': every row of an answer has it.")
        texts = [self.name, *self.group_by, *(f.dimension for f in self.filters)]
        texts += [value for each in self.filters for value in each.values if value is not None]
        if not all(text.isprintable() for text in texts):
            raise BadInput("The names of drivers and dimensions, and their values, are printable text.")


def driver_filter(text: str) -> Filter:
    """The filter written as `model:gpt-4o` or `model=gpt-4o`; `|`, `!` and "has none" as in filters of costs."""
    found = _FILTER.fullmatch(text)
    if not found:
        raise BadInput(f"'{text}' is not a filter. Write dimension:value, for example model:gpt-4o.")
    values = tuple(unescaped(part) or None for part in found["values"].split("|"))
    return Filter(found["name"], values, exclude=bool(found["exclude"]))
