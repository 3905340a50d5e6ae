"""Links from page to page of a long list."""

from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from frontend.components.attributes import labelled
from frontend.state import View, line_items_url


def page_links(view: View, count: int, length: int) -> Component:
    """Where the reader is among `count` lines, and the way to the pages before and after."""
    first, last = (view.page - 1) * length + 1, min(view.page * length, count)
    links = [
        _link("Previous", view, view.page - 1, exists=view.page > 1),
        _link("Next", view, view.page + 1, exists=last < count),
    ]
    place = html.Span(f"{first:,}–{last:,} of {count:,}")
    return html.Nav([place, *links], className="page-links", **labelled("Pages"))


def _link(label: str, view: View, number: int, *, exists: bool) -> Component:
    if not exists:
        return html.Span(label, className="action off")
    return dcc.Link(label, href=line_items_url(replace(view, page=number)), className="action")
