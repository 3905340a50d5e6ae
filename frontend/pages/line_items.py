"""The lines of the bills behind a question, each with the file and the row it came from."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.chargeback import billing_periods
from app.reports.cost_query import CostQuery
from app.reports.line_items import LineItem, LineItemReport, line_items
from app.reports.teams import team_names
from frontend.answer import Question, answers, asking, page
from frontend.clock import today
from frontend.components.attributes import labelled
from frontend.components.controls import filter_chips
from frontend.components.figure import download
from frontend.components.kpi import total_line
from frontend.components.pages import page_links
from frontend.components.states import no_bills, no_rows
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import View, line_items_url, trends_url
from frontend.words import AXES, METRICS, span_words

PATH = "/line-items"
TITLE = "Line items"
LINES = 100  # to a page


@page
def layout(**params: Any) -> Component:
    """The question as the URL has it; its lines follow."""
    view = View.parse(params, today=today())
    back = html.Nav(dcc.Link("Trends", href=trends_url(view.ask()), className="crumb"), **labelled("Breadcrumb"))
    return html.Div([back, html.H1("Line items"), asking("lines", search=view.search)])


@answers("lines")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """A page of lines, and what all of them come to."""
    view = View.from_search(question["search"], today=today())
    report = line_items(session, viewer, view.query, limit=LINES, offset=(view.page - 1) * LINES)
    chips = filter_chips(view, team_names(session), url=line_items_url)
    if not report.total_rows and not billing_periods(session, viewer):
        return no_bills()
    if not report.total_rows:
        span = span_words(Period(view.query.start, view.query.end))
        everything = line_items_url(view.ask(filters=()))
        return html.Div([chips, no_rows(f"No line of {span} passes every filter.", everything, "Remove all filters")])
    totals = [total_line(METRICS[view.query.metric], amount, currency) for currency, amount in report.totals.items()]
    count = html.P(f"{report.total_rows:,} lines of bills", className="subtitle")
    return html.Div([count, chips, *totals, _table(view, report)])


def _table(view: View, report: LineItemReport) -> Component:
    query = view.query
    head = html.Div(
        [
            html.H3(f"{AXES[query.axis]} {span_words(Period(query.start, query.end))}"),
            html.Div(download("CSV", f"/api/v1/costs/detail.csv?{view.api_query}"), className="links"),
        ],
        className="card-head",
    )
    rows = [_row(item) for item in report.items]
    table = money_table("lines", "Line items", _columns(query, report), rows)
    return html.Section([head, table, page_links(view, report.total_rows, LINES)], className="card flush")


def _columns(query: CostQuery, report: LineItemReport) -> list[Column]:
    shared = any(item.share != 1 for item in report.items)
    return [
        Column("day", "Charge period", pinned=True, width=150),
        Column(
            "amount",
            METRICS[query.metric],
            Kind.EXACT,
            hint="Every digit; what follows the cents is in grey",
            width=220,
        ),
        *([Column("share", "Share", width=120, hint="The team's part of a shared line")] if shared else []),
        *(Column(cost, words, Kind.MONEY, width=130) for cost, words in METRICS.items() if cost is not query.metric),
        *(Column(field, header, width=width) for field, header, width in _DIMENSIONS),
        Column("origin", "File and row", width=320),
    ]


_DIMENSIONS = (
    ("currency", "Currency", 100),
    ("service_name", "Service", 190),
    ("resource_id", "Resource", 280),
    ("charge_description", "Description", 280),
    ("charge_category", "Category", 110),
    ("pricing_category", "Pricing", 110),
    ("sku_id", "SKU", 160),
    ("region_id", "Region", 120),
    ("sub_account_id", "Sub-account", 150),
    ("consumed_quantity", "Quantity", 110),
    ("consumed_unit", "Unit", 100),
)


def _row(item: LineItem) -> Row:
    costs = {
        Metric.BILLED: item.billed_cost,
        Metric.EFFECTIVE: item.effective_cost,
        Metric.LIST: item.list_cost,
        Metric.CONTRACTED: item.contracted_cost,
    }
    return {
        **{field: item.values.get(field) for field, _, _ in _DIMENSIONS},
        **{metric.value: money(cost) for metric, cost in costs.items()},
        "day": f"{item.charge_period_start:%Y-%m-%d %H:%M}",
        "amount": money(item.amount),
        "share": money(item.share),
        "currency": item.currency,
        "origin": f"{item.source}: {item.file}, row {item.row_number:,}",
    }
