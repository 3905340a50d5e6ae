"""What a page shows, as its URL says it: parsed once here, and written once here.

The parameters are those of the API, so that a page, its CSV and its JSON have the same query string.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qs, quote, urlencode

from app.domain.charge import Axis, Metric
from app.domain.period import months_back, next_month
from app.domain.team_summary import team_page_url
from app.errors import BadInput
from app.reports.cost_query import TAG, CostQuery, Filter, Granularity, dimension

Params = Mapping[str, str | list[str]]
Choice = TypeVar("Choice", bound=StrEnum)
Fallback = TypeVar("Fallback", date, None)

DEFAULT_MONTHS = 6
# From who pays, to what for, to which one; after the last comes the bill's own lines.
DRILL = ("team", "service_name", "resource_id")


class Chart(StrEnum):
    """How costs over time are drawn."""

    BARS = "bar"
    LINES = "line"


def parameters(search: str) -> dict[str, str | list[str]]:
    """The parameters of a URL's query string, repeated ones as a list."""
    parsed = parse_qs(search.removeprefix("?"), keep_blank_values=True)
    return {name: values if len(values) > 1 else values[0] for name, values in parsed.items()}


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """`pairs` as they stand behind a URL's question mark."""
    return urlencode(list(pairs), quote_via=quote, safe=":/|,")


@dataclass(frozen=True)
class View:
    """A question about costs, how its answer is drawn, and which page of lines is on show."""

    query: CostQuery
    chart: Chart = Chart.BARS
    page: int = 1

    @classmethod
    def default(cls, today: date) -> "View":
        """The last half year by team."""
        start, end = _half_year(today)
        return cls(CostQuery(start, end, group_by=("team",)))

    @classmethod
    def parse(cls, params: Params, *, today: date) -> "View":
        """The view that a URL's parameters describe. Raises BadInput where they describe none."""
        if not params:
            return cls.default(today)
        start, end = _half_year(today)
        query = CostQuery(
            start=day_of(params, "start", start),
            end=day_of(params, "end", end),
            metric=_choice(params, "metric", Metric.EFFECTIVE),
            axis=_choice(params, "axis", Axis.CHARGE),
            granularity=_choice(params, "granularity", Granularity.MONTH),
            group_by=tuple(dimension(name) for text in all_of(params, "group_by") for name in _names(text)),
            filters=tuple(Filter.parse(text) for text in all_of(params, "filter")),
        )
        return cls(query, _choice(params, "chart", Chart.BARS), _page(params))

    @classmethod
    def from_search(cls, search: str, *, today: date) -> "View":
        """The view of a URL's query string."""
        return cls.parse(parameters(search), today=today)

    @property
    def api_query(self) -> str:
        """The query string that asks the API the same question."""
        return query_string(_pairs(self.query))

    @property
    def search(self) -> str:
        """The query string of this view; `from_search` reads it back."""
        return "?" + query_string([*_pairs(self.query), ("chart", self.chart.value), ("page", str(self.page))])

    def ask(self, **changes: object) -> "View":
        """This view with another question, from its first page."""
        return replace(self, query=replace(self.query, **changes), page=1)  # type: ignore[arg-type]

    def only(self, name: str, value: str | None) -> "View":
        """This view with the one `value` of dimension `name` kept."""
        others = tuple(kept for kept in self.query.filters if kept.dimension != name)
        return self.ask(filters=(*others, Filter(name, (value,))))

    def without(self, removed: Filter) -> "View":
        """This view with one filter fewer."""
        return self.ask(filters=tuple(kept for kept in self.query.filters if kept != removed))

    def inside(self, keys: tuple[str | None, ...]) -> "View":
        """This view of the row with these keys alone."""
        inside = self
        for name, value in zip(self.query.group_by, keys, strict=True):
            inside = inside.only(name, value)
        return inside

    def drill(self, keys: tuple[str | None, ...]) -> str:
        """The link from the row with these keys to what it is made of."""
        inside = self.inside(keys)
        pinned = {kept.dimension for kept in inside.query.filters if not kept.exclude and len(kept.values) == 1}
        deeper = next((name for name in DRILL if name not in pinned), None)
        if deeper is None or "resource_id" in pinned:
            return line_items_url(inside)
        return trends_url(inside.ask(group_by=(deeper,)))


def trends_url(view: View) -> str:
    """The cost explorer on this view."""
    return f"/trends{view.search}"


def line_items_url(view: View) -> str:
    """The lines of the bills behind this view."""
    return f"/line-items{view.search}"


def team_url(team_id: str, period: str, metric: Metric) -> str:
    """A team's statement for a billing month."""
    return team_page_url(None, team_id, period, metric)


def chargeback_url(period: str, metric: Metric) -> str:
    """Every team's statement for a billing month."""
    return f"/chargeback?{query_string([('period', period), ('metric', metric.value)])}"


def reconciliation_url(period: str) -> str:
    """How a billing month's chargeback ties to its invoices."""
    return f"/chargeback/{period}/reconciliation"


def _half_year(today: date) -> tuple[date, date]:
    return months_back(today, DEFAULT_MONTHS - 1), next_month(today)


def _pairs(query: CostQuery) -> list[tuple[str, str]]:
    return [
        ("start", str(query.start)),
        ("end", str(query.end)),
        ("metric", query.metric.value),
        ("axis", query.axis.value),
        ("granularity", query.granularity.value),
        *(("group_by", name) for name in query.group_by),
        *(("filter", str(kept)) for kept in query.filters),
    ]


def all_of(params: Params, name: str) -> list[str]:
    """Every value of a parameter that is not empty."""
    values = params.get(name, [])
    return [value for value in ([values] if isinstance(values, str) else values) if value]


def last_of(params: Params, name: str) -> str | None:
    """The last value of a parameter, or None."""
    values = all_of(params, name)
    return values[-1] if values else None


def _names(text: str) -> list[str]:
    """Dimensions separated by commas; a tag key may hold commas itself, so it stands alone."""
    return [text] if text.startswith(TAG) else text.split(",")


def day_of(params: Params, name: str, default: Fallback) -> date | Fallback:
    """The day that a parameter says, or `default`. Raises BadInput for what is no day."""
    text = last_of(params, name)
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name}={text} is not a day. Write it as YYYY-MM-DD, for example 2026-03-01.") from None


def one_of(choices: type[Choice], name: str, text: str | None) -> Choice | None:
    """The choice that the parameter `name` of a URL says; None where it says none. Raises BadInput for another word."""
    try:
        return choices(text) if text else None
    except ValueError:
        raise BadInput(f"{name}={text} is unknown. Choose from {', '.join(choices)}.") from None


def _choice(params: Params, name: str, default: Choice) -> Choice:
    return one_of(type(default), name, last_of(params, name)) or default


def _page(params: Params) -> int:
    text = last_of(params, "page") or "1"
    if not text.isdecimal() or int(text) < 1:
        raise BadInput(f"page={text} is not a page number. Pages count from 1.")
    return int(text)
