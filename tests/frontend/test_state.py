"""The URL is the state: what a view writes, it reads back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.charge import Axis, Metric
from app.errors import BadInput
from app.reports.cost_query import DIMENSIONS, CostQuery, Filter, Granularity
from frontend.routes import page_at
from frontend.state import Chart, View

TODAY = date(2026, 11, 24)

# Control characters are in no bill.
values = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
tags = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=10).map("tag:{}".format)
dimensions = st.sampled_from(tuple(DIMENSIONS)) | tags
filters = st.builds(Filter, dimensions, st.lists(st.none() | values, min_size=1, max_size=3).map(tuple), st.booleans())


@st.composite
def views(draw: st.DrawFn) -> View:
    start = draw(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    axis = draw(st.sampled_from(Axis))
    every = list(Granularity) if axis is Axis.CHARGE else [Granularity.MONTH, Granularity.TOTAL]
    query = CostQuery(
        start=start,
        end=start + timedelta(days=draw(st.integers(1, 800))),
        metric=draw(st.sampled_from(Metric)),
        axis=axis,
        granularity=draw(st.sampled_from(every)),
        group_by=tuple(draw(st.lists(dimensions, max_size=3, unique=True))),
        filters=tuple(draw(st.lists(filters, max_size=3))),
    )
    return View(query, draw(st.sampled_from(Chart)), draw(st.integers(1, 500)))


@given(view=views())
def test_a_view_reads_back_what_it_wrote(view: View) -> None:
    assert View.from_search(view.search, today=TODAY) == view


def test_a_bare_url_asks_for_the_last_half_year_by_team() -> None:
    query = View.from_search("", today=TODAY).query
    assert (query.start, query.end, query.group_by) == (date(2026, 6, 1), date(2026, 12, 1), ("team",))


def test_short_names_and_commas_mean_what_they_mean_to_the_api() -> None:
    view = View.from_search("?group_by=team,service&filter=region:eu-west-1", today=TODAY)
    assert view.query.group_by == ("team", "service_name")
    assert view.query.filters == (Filter("region_id", ("eu-west-1",)),)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("?metric=cost", "metric=cost is unknown"),
        ("?start=yesterday", "start=yesterday is not a day"),
        ("?page=0", "page=0 is not a page number"),
        ("?group_by=colour", "'colour'"),
        ("?filter=team", "is not a filter"),
        ("?start=2026-02-01&end=2026-01-01", "start must be before end"),
    ],
)
def test_a_url_that_asks_nothing_says_why(search: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        View.from_search(search, today=TODAY)


def test_a_row_leads_from_team_to_service_to_resource_to_its_lines() -> None:
    march = View(CostQuery(date(2026, 3, 1), date(2026, 4, 1), group_by=("team",)))
    service = View.from_search(march.drill(("search",)).removeprefix("/trends"), today=TODAY)
    assert service.query.group_by == ("service_name",)
    resource = View.from_search(service.drill(("Amazon EC2",)).removeprefix("/trends"), today=TODAY)
    assert resource.query.group_by == ("resource_id",)
    lines = resource.drill((None,))
    assert lines.startswith("/line-items?")
    assert View.from_search(lines.removeprefix("/line-items"), today=TODAY).query.filters == (
        Filter("team", ("search",)),
        Filter("service_name", ("Amazon EC2",)),
        Filter("resource_id", (None,)),
    )


def test_paths_lead_to_pages_with_their_variables_decoded() -> None:
    page, variables = page_at("/chargeback/r%26d")
    assert (page.TITLE, variables) == ("Team", {"team_id": "r&d"})
    assert page_at("/nowhere")[0].TITLE == "Not found"
