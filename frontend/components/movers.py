"""What moved against the month before, largest change first; each line leads to its costs by day."""

from collections.abc import Sequence
from datetime import date

from dash import dcc, html
from dash.development.base_component import Component

from app.domain.charge import Metric
from app.domain.money import percent
from app.domain.period import Period, next_month
from app.reports.cost_query import CostQuery, Granularity
from app.reports.overview import Mover
from frontend.amounts import change_words, exact, readable
from frontend.components.attributes import digits
from frontend.state import View, trends_url

_DIMENSIONS = {"team": "team", "service": "service_name"}
_BREAKDOWNS = {"team": "service_name", "service": "team"}


def movers_card(title: str, movers: Sequence[Mover], *, as_of: date, metric: Metric, currency: str) -> Component:
    """The movers of one kind as a table."""
    head = html.Tr(
        [html.Th("Name", scope="col"), *(html.Th(text, scope="col", className="number") for text in _COLUMNS)]
    )
    rows = [_row(mover, as_of, metric) for mover in movers]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain")
    return html.Section(
        [html.Div(html.H3(f"{title}, in {currency}?"), className="card-head"), html.Div(table, className="wide")],
        className="card",
    )


_COLUMNS = ("Same days last month", "This month", "Change")


def _row(mover: Mover, as_of: date, metric: Metric) -> Component:
    cells = [
        html.Td(readable(amount), className="number", title=exact(amount), **digits(amount))
        for amount in (mover.before, mover.after)
    ]
    change = html.Td(
        change_words(mover.change, percent(mover.change, mover.before)), className="number", title=exact(mover.change)
    )
    return html.Tr([html.Th(dcc.Link(mover.name, href=_href(mover, as_of, metric)), scope="row"), *cells, change])


def _href(mover: Mover, as_of: date, metric: Metric) -> str:
    """Both months of the comparison, day by day, for this team or service alone."""
    start = Period.month_of(as_of).previous_month().start
    query = CostQuery(
        start, next_month(as_of), metric, granularity=Granularity.DAY, group_by=(_BREAKDOWNS[mover.kind],)
    )
    return trends_url(View(query).only(_DIMENSIONS[mover.kind], mover.key))
