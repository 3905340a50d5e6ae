"""A question about costs: which, when, grouped how.

Every door (page, file, API) turns what it was given into a `CostQuery`, so they ask the same thing.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.charge import Axis, Metric
from app.errors import BadInput


class Granularity(StrEnum):
    """How long a bucket of time is; `total` is one bucket for the whole span."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


# The name a dimension has everywhere, with the short forms that people type.
DIMENSIONS = {
    "team": (),
    "service_provider_name": ("provider", "provider_name"),
    "service_category": (),
    "service_name": ("service",),
    "charge_category": (),
    "pricing_category": (),
    "sub_account_id": ("sub_account",),
    "region_id": ("region",),
    "sku_id": ("sku",),
    "resource_id": ("resource",),
}
TAG = "tag:"
_CANONICAL = {short: name for name, shorts in DIMENSIONS.items() for short in (name, *shorts)}


def dimension(text: str) -> str:
    """The canonical name of the dimension that `text` means. Raises BadInput when it means none."""
    if text.startswith(TAG) and len(text) > len(TAG):
        return text
    try:
        return _CANONICAL[text]
    except KeyError:
        choices = ", ".join([*DIMENSIONS, "tag:KEY"])
        raise BadInput(f"Costs cannot be grouped or filtered by '{text}'. Choose from {choices}.") from None


@dataclass(frozen=True)
class Filter:
    """Keeps the rows whose `dimension` is (or, if `exclude`, is not) one of `values`; None stands for "has none"."""

    dimension: str
    values: tuple[str | None, ...]
    exclude: bool = False

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """The filter written as `service_name:Amazon EC2`, `!region_id:us-east-1`, `tag:env:prod` or `team:` (none).

        Several values are separated by `|`. A `|` in a value is written `%7C`, a `:` in a tag key `%3A`, and a `%`
        before such digits `%25`.
        """
        exclude, body = text.startswith("!"), text.removeprefix("!")
        prefix = TAG if body.startswith(TAG) else ""
        name, colon, value = body.removeprefix(prefix).partition(":")
        if not colon:
            raise BadInput(f"'{text}' is not a filter. Write dimension:value, for example service_name:Amazon EC2.")
        values = tuple(unescaped(part) or None for part in value.split("|"))
        return cls(dimension(prefix + unescaped(name)), values, exclude)

    def __str__(self) -> str:
        prefix = TAG if self.dimension.startswith(TAG) else ""
        name = _escaped(self.dimension.removeprefix(prefix)).replace(":", "%3A")
        return f"{'!' if self.exclude else ''}{prefix}{name}:{'|'.join(_escaped(value or '') for value in self.values)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C")


def unescaped(text: str) -> str:
    """A value of a filter as it is, without the escapes that a filter needs."""
    return text.replace("%7C", "|").replace("%3A", ":").replace("%25", "%")


@dataclass(frozen=True)
class CostQuery:
    """Costs of `start` up to, not including, `end`.

    On the charge axis that is the charge day; on the billing axis it is the start of the billing period, and
    granularity is month or total.
    """

    start: date
    end: date
    metric: Metric = Metric.EFFECTIVE
    axis: Axis = Axis.CHARGE
    granularity: Granularity = Granularity.MONTH
    group_by: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadInput(f"start must be before end (end is exclusive); {self.start} is not before {self.end}.")
        if self.axis is Axis.BILLING and self.granularity in {Granularity.DAY, Granularity.WEEK}:
            raise BadInput("The billing axis has months, not days: use granularity=month or total, or axis=charge.")
        if len(set(self.group_by)) < len(self.group_by):
            raise BadInput("group_by names a dimension twice.")
