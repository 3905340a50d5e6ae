"""What the GPU pages show, as their URL says it: the days, the filters, and where the heat map is zoomed in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import quote

from app.errors import BadInput
from app.reports.cost_query import Filter
from app.reports.gpu_query import FACT_DIMENSIONS, HeatMeasure, gpu_filters, instant
from frontend.state import Params, all_of, day_of, last_of, one_of, parameters, query_string

PATH = "/gpu"
NODE_PATH = "/gpu/nodes"


@dataclass(frozen=True)
class GpuView:
    """Days from `start` up to, not including, `end`; None stands for the newest there are."""

    start: date | None = None
    end: date | None = None
    filters: tuple[Filter, ...] = ()
    measure: HeatMeasure = HeatMeasure.ACTIVITY
    zoom: tuple[datetime, datetime] | None = None

    @classmethod
    def parse(cls, params: Params) -> "GpuView":
        """The view that a URL's parameters describe. Raises BadInput where they describe none."""
        return cls(
            start=day_of(params, "start", None),
            end=day_of(params, "end", None),
            filters=gpu_filters(all_of(params, "filter")),
            measure=one_of(HeatMeasure, "measure", last_of(params, "measure")) or HeatMeasure.ACTIVITY,
            zoom=_zoom(last_of(params, "zoom")),
        )

    @classmethod
    def from_search(cls, search: str) -> "GpuView":
        """The view of a URL's query string."""
        return cls.parse(parameters(search))

    @property
    def search(self) -> str:
        """The query string of this view; `from_search` reads it back."""
        pairs = [("measure", self.measure.value)] if self.measure is not HeatMeasure.ACTIVITY else []
        if self.zoom:
            pairs.append(("zoom", "..".join(f"{each:%Y-%m-%dT%H:%M}" for each in self.zoom)))
        pairs = [*self._days, *filter_pairs(self.filters), *pairs]
        return f"?{query_string(pairs)}" if pairs else ""

    @property
    def fact_filters(self) -> tuple[Filter, ...]:
        """The filters that telemetry knows: it has no states and no prices."""
        return tuple(each for each in self.filters if each.dimension in FACT_DIMENSIONS)

    @property
    def _days(self) -> list[tuple[str, str]]:
        return [(name, str(day)) for name, day in (("start", self.start), ("end", self.end)) if day]

    def days(self, span: tuple[date, date]) -> "GpuView":
        """This view of the days of `span`."""
        return replace(self, start=span[0], end=span[1], zoom=None)

    def only(self, name: str, value: str | None) -> "GpuView":
        """This view with the one `value` of dimension `name` kept."""
        others = tuple(kept for kept in self.filters if kept.dimension != name)
        return replace(self, filters=(*others, Filter(name, (value,))))

    def without(self, removed: Filter) -> "GpuView":
        """This view with one filter fewer."""
        return replace(self, filters=tuple(kept for kept in self.filters if kept != removed))

    def api(self, report: str, *more: tuple[str, str], filters: Iterable[Filter] | None = None) -> str:
        """The URL that asks the API for `report` of the same days; `filters` in place of the view's own."""
        kept = self.filters if filters is None else filters
        return f"/api/v1/gpu/{report}?{query_string([*self._days, *more, *filter_pairs(kept)])}"


def filter_pairs(filters: Iterable[Filter]) -> list[tuple[str, str]]:
    """Filters as parameters of a URL."""
    return [("filter", str(each)) for each in filters]


def gpu_url(view: GpuView) -> str:
    """The GPU page on a view."""
    return f"{PATH}{view.search}"


def node_url(node: str, view: GpuView) -> str:
    """The page of a node on the days of a view."""
    return f"{NODE_PATH}/{quote(node, safe='')}{GpuView(view.start, view.end).search}"


def _zoom(text: str | None) -> tuple[datetime, datetime] | None:
    if not text:
        return None
    start, dots, end = text.partition("..")
    if not dots:
        raise BadInput(f"zoom={text} is no span. Write it as 2026-03-01T08:00..2026-03-01T12:00.")
    return instant(start), instant(end)
