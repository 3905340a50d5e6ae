"""The answer to a question about costs: per currency its exact total, a chart and a table."""

from collections.abc import Sequence
from datetime import date

from dash import dcc, html
from dash.development.base_component import Component

from app.domain.period import Period
from app.reports.cost_query import CostQuery, Granularity
from app.reports.costs import CostBlock, CostReport
from frontend.components.attributes import labelled
from frontend.components.controls import filter_chips
from frontend.components.explain_link import bucket_query, explain_costs_url
from frontend.components.figure import chart_card, download, graph
from frontend.components.kpi import total_line
from frontend.components.states import no_rows
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.figures import LARGEST, Figure, Series, over_time, ranked
from frontend.pivot import Line, Pivot, pivot
from frontend.state import View, line_items_url, trends_url
from frontend.words import METRICS, dimension_word, joined, key_word, shortened, span_words

MOST_COLUMNS = 13  # a year and the running month, side by side
MOST_LINES = 1000  # beyond this a file serves better than a page


def cost_answer(view: View, report: CostReport, teams: dict[str, str]) -> Component:
    """Every currency's block, or why there is none."""
    chips = filter_chips(view, teams)
    if not report.blocks:
        return html.Div([chips, _nothing(view)])
    return html.Div([chips, *(_block(view, block, teams) for block in report.blocks)])


def _nothing(view: View) -> Component:
    query = view.query
    span = span_words(Period(query.start, query.end))
    if query.filters:
        return no_rows(
            f"No charge of {span} passes every filter.", trends_url(view.ask(filters=())), "Remove all filters"
        )
    return no_rows(f"No bill has charges in {span}.", "/health", "See which days each source covers")


def _block(view: View, block: CostBlock, teams: dict[str, str]) -> Component:
    laid_out = pivot(block)
    currency, query = block.currency, view.query
    notes = [f"{block.rows_without_value:,} rows without a value"] if block.rows_without_value else []
    span = span_words(Period(query.start, query.end))
    chart = graph(
        _figure(view, laid_out, currency, teams),
        name=f"trueup-{query.metric.value}-{query.start}-{query.end}-{currency}",
        label=f"{_asked(query)} in {currency}; the table below has the figures",
        height=360,
    )
    return html.Section(
        [
            total_line(f"{METRICS[query.metric]}, {span}", block.total, currency, *notes),
            chart_card(
                f"{_asked(query)}, in {currency}?",
                chart,
                dcc.Link("Line items", href=line_items_url(view), className="action"),
                download("CSV", f"/api/v1/costs.csv?{view.api_query}"),
                download("XLSX", f"/api/v1/costs.xlsx?{view.api_query}"),
            ),
            _table(view, block, laid_out, teams),
        ],
        **labelled(f"Costs in {currency}"),
    )


def _asked(query: CostQuery) -> str:
    """`What is the effective cost per month by team and service`."""
    each = "" if query.granularity is Granularity.TOTAL else f" per {query.granularity.value}"
    names = joined([dimension_word(name).lower() for name in query.group_by])
    return f"What is the {METRICS[query.metric].lower()}{each}{f' by {names}' if names else ''}"


def _name(query: CostQuery, keys: Sequence[str | None], teams: dict[str, str]) -> str:
    words = [key_word(name, key, teams) for name, key in zip(query.group_by, keys, strict=True)]
    return " · ".join(words) or METRICS[query.metric]


def _figure(view: View, laid_out: Pivot, currency: str, teams: dict[str, str]) -> Figure:
    shown = laid_out.largest(LARGEST)
    names = shortened([_name(view.query, line.keys, teams) for line in shown.lines])
    series = [Series(name, line.amounts) for name, line in zip(names, shown.lines, strict=True)]
    if shown.rest:
        series.append(Series(f"All others ({shown.rest_count:,})", shown.rest.amounts, rest=True))
    buckets = [bucket for bucket in shown.buckets if bucket]
    if not buckets:
        return ranked(series, currency=currency)
    return over_time(series, buckets, granularity=view.query.granularity, chart=view.chart, currency=currency)


def _table(view: View, block: CostBlock, laid_out: Pivot, teams: dict[str, str]) -> Component:
    query = view.query
    shown = laid_out.largest(MOST_LINES)
    periods = shown.buckets if 1 < len(shown.buckets) <= MOST_COLUMNS else ()
    wide = bool(periods)
    groups = [
        Column(
            f"key{index}", dimension_word(name), link="href", pinned=wide and index == 0, width=220 if wide else None
        )
        for index, name in enumerate(query.group_by)
    ]
    columns = [
        *groups,
        Column("total", "Total", Kind.EXACT, link="explain", hint="Every digit; what follows the cents is in grey"),
        *(
            Column(
                f"at{index}",
                _header(bucket, query.granularity),
                Kind.MONEY,
                link="explain",
                query=bucket_query(query, bucket),
            )
            for index, bucket in enumerate(periods)
        ),
    ]
    rows = [
        {**_row(view, line, periods, teams), "explain": explain_costs_url(view.inside(line.keys), block.currency)}
        for line in shown.lines
    ]
    totals: list[Row] = []
    if shown.rest:
        totals.append({"key0": f"All others ({shown.rest_count:,})", **_amounts(shown.rest, periods)})
    whole = pivot(block).largest(0).rest
    if whole and groups:
        explained = explain_costs_url(view, block.currency)
        totals.append({"key0": "Total", "explain": explained, **_amounts(whole, periods)})
    return html.Section(
        money_table(f"costs-{block.currency}", f"Costs in {block.currency}", columns, rows, totals=totals),
        className="card flush",
    )


def _row(view: View, line: Line, periods: Sequence[date | None], teams: dict[str, str]) -> Row:
    query = view.query
    words = {
        f"key{index}": key_word(name, key, teams)
        for index, (name, key) in enumerate(zip(query.group_by, line.keys, strict=True))
    }
    return {**words, "href": view.drill(line.keys), **_amounts(line, periods)}


def _amounts(line: Line, periods: Sequence[date | None]) -> dict[str, str | None]:
    cells = {f"at{index}": money(amount) for index, amount in enumerate(line.amounts[: len(periods)])}
    return {"total": money(line.total), **cells}


def _header(bucket: date | None, granularity: Granularity) -> str:
    assert bucket is not None
    return f"{bucket:%Y-%m}" if granularity is Granularity.MONTH else str(bucket)
