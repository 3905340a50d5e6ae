"""The way from a figure to its explanation."""

from datetime import date, timedelta

from dash import dcc
from dash.development.base_component import Component

from app.domain.period import next_month
from app.reports.cost_query import CostQuery, Granularity
from frontend.state import View, query_string


def explain_link(href: str, text: str = "Explain") -> Component:
    """A link that pages put beside a figure, or on it; `href` is from `explain_url` or `explain_costs_url`."""
    link: Component = dcc.Link(text, href=href, className="explain", title="Explain")
    return link


def explain_costs_url(view: View, currency: str) -> str:
    """Where it is explained what a view of costs comes to in a currency."""
    return f"/explain?{view.api_query}&{query_string([('currency', currency)])}"


def bucket_query(query: CostQuery, bucket: date | None) -> str:
    """What narrows the explanation of a row of `query` down to one of its buckets."""
    assert bucket is not None
    lengths = {Granularity.DAY: bucket + timedelta(days=1), Granularity.WEEK: bucket + timedelta(days=7)}
    end = lengths.get(query.granularity) or next_month(bucket)
    return f"&start={max(bucket, query.start)}&end={min(end, query.end)}"
