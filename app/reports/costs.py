"""Costs over time, by any dimension: the report behind trends, exports and `GET /costs`."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from sqlalchemy.orm import Session

from app.db.queries.costs import CostSum, cost_sums
from app.domain.money import total
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.cost_query import CostQuery
from app.reports.visibility import visible_teams

# What one process can hold and a spreadsheet can open (Excel ends at 1,048,576 rows).
MOST_ROWS = 1_000_000


@dataclass(frozen=True)
class CostRow:
    """The cost of one bucket and one combination of the dimensions asked for.

    `period_start` is None when the whole span is one bucket; `amount` is None where no source row has a value.
    """

    period_start: date | None
    keys: tuple[str | None, ...]
    amount: Decimal | None


@dataclass(frozen=True)
class CostBlock:
    """The costs in one currency. `rows_without_value` counts source rows that lack the cost, each once."""

    currency: str
    total: Decimal
    rows_without_value: int
    rows: tuple[CostRow, ...]


@dataclass(frozen=True)
class CostReport:
    """The answer to a question about costs, one block per currency: currencies are never added up."""

    query: CostQuery
    blocks: tuple[CostBlock, ...]


def costs(session: Session, viewer: Viewer, query: CostQuery) -> CostReport:
    """The costs that `query` asks for and `viewer` may see. Raises BadInput for an answer that is too long."""
    visible = visible_teams(session, viewer)
    sums = cost_sums(session, query, visible=visible, limit=MOST_ROWS + 1)
    if len(sums) > MOST_ROWS:
        raise BadInput(
            f"The answer has more than {MOST_ROWS:,} rows. Ask for a shorter span, a longer granularity, fewer"
            " dimensions in group_by, or add a filter."
        )
    by_currency = groupby(sums, key=attrgetter("currency"))
    return CostReport(query, tuple(_block(currency, tuple(found)) for currency, found in by_currency))


def _block(currency: str, sums: tuple[CostSum, ...]) -> CostBlock:
    return CostBlock(
        currency=currency,
        total=total(each.amount for each in sums if each.amount is not None),
        rows_without_value=sum(each.rows_without_value for each in sums),
        rows=tuple(CostRow(each.period_start, each.keys, each.amount) for each in sums),
    )
