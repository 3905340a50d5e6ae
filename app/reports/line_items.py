"""The lines of the bills behind a question: where explaining a figure ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.db.line import Line, Span
from app.db.queries.line_keys import details, wanted_keys
from app.domain.charge import KEY_COLUMNS, Axis, Metric
from app.domain.money import EXACT, ZERO
from app.domain.viewer import Viewer
from app.reports.cost_query import CostQuery
from app.reports.visibility import visible_teams

if TYPE_CHECKING:
    from app.db.detail import DetailReader

# Their spelling on a bill may differ from the specification's, so they cannot be looked for as text.
_RESPELLED = frozenset({"charge_category", "pricing_category", "service_category"})


@dataclass(frozen=True)
class LineItem:
    """A line of a bill, and the amount of it that the question is about.

    `values` are the row's cells under FOCUS names in snake_case; columns that FOCUS does not know keep the bill's
    name. `share` is 1 unless a team pays part of a shared line; `amount` is the asked cost × share, never rounded.
    """

    charge_period_start: datetime
    charge_period_end: datetime
    currency: str
    values: Mapping[str, str | None]
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    list_cost: Decimal | None
    contracted_cost: Decimal | None
    share: Decimal
    amount: Decimal | None
    source: str
    file: str
    row_number: int


@dataclass(frozen=True)
class LineItemReport:
    """A page of lines, with the number and the exact totals of all of them."""

    query: CostQuery
    total_rows: int
    totals: dict[str, Decimal]  # by currency
    items: tuple[LineItem, ...]


def line_items(
    session: Session, viewer: Viewer, query: CostQuery, *, limit: int = 100, offset: int = 0
) -> LineItemReport:
    """The lines that `query` is about (its grouping aside), by charge day and place in the bill."""
    # Only now: DuckDB and Arrow take half a second to import, and a server should not start slower for them.
    from app.db.detail import detail_reader  # noqa: PLC0415

    wanted = wanted_keys(session, query, visible=visible_teams(session, viewer))
    with detail_reader(details(session, query), wanted, _span(query)) as reader:
        total_rows, totals = _totals(reader, query.metric)
        items = tuple(line_item(line, query.metric) for line in reader.lines(limit=limit, offset=offset))
    return LineItemReport(query, total_rows, totals, items)


def _span(query: CostQuery) -> Span:
    texts = {
        each.dimension: [value for value in each.values if value is not None]
        for each in query.filters
        if each.dimension in KEY_COLUMNS
        and each.dimension not in _RESPELLED
        and not each.exclude
        and None not in each.values
    }
    if query.axis is Axis.BILLING:
        return Span(None, None, texts)  # the loads are those of the billing periods already
    return Span(query.start, query.end, texts)


def _totals(reader: "DetailReader", metric: Metric) -> tuple[int, dict[str, Decimal]]:
    rows, totals = 0, dict[str, Decimal]()
    for total in reader.totals():
        rows += total.rows
        amount = EXACT.multiply(total.sums[metric], total.share)
        totals[total.currency] = EXACT.add(totals.get(total.currency, ZERO), amount)
    return rows, dict(sorted(totals.items()))


def line_item(line: Line, metric: Metric) -> LineItem:
    """A line as the detail store has it, and how much of it is meant."""
    cost = line.costs[metric]
    return LineItem(
        charge_period_start=line.charge_period_start,
        charge_period_end=line.charge_period_end,
        currency=line.currency,
        values={_snake(name): value for name, value in line.values.items()},
        **{each.value: line.costs[each] for each in Metric},
        share=line.share,
        amount=None if cost is None else EXACT.multiply(cost, line.share),
        source=line.source,
        file=line.file,
        row_number=line.row_number,
    )


def _snake(name: str) -> str:
    """A FOCUS column in snake_case; a provider's `x_` column as the bill spells it."""
    if name.startswith("x_"):
        return name
    return "".join(
        f"_{c.lower()}" if c.isupper() and i and not name[i - 1].isupper() else c.lower() for i, c in enumerate(name)
    )
