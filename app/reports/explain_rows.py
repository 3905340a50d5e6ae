"""The rows of the archived bills behind one leaf of a figure: where explaining ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.line import LineTotal, Span
from app.db.queries.explain import LeafRow, charge_keys, leaf_page, loads_with_key
from app.db.queries.explain_charges import Selection
from app.db.queries.line_keys import DetailOfLoad, WantedKey, details_of
from app.domain.charge import Metric
from app.domain.money import EXACT, total
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.figure_ground import Asked, figure_ground
from app.reports.line_items import LineItem, line_item
from app.reports.visibility import visible_teams

# Dimensions that tell the lines of a key from most others, spelled on the bill as in the key.
_TELLING = ("resource_id", "sku_id", "sub_account_id", "service_name", "region_id")
_MOST_LEAVES = 1_000  # a key has as many as its owner changes in the billing periods of a figure


@dataclass(frozen=True)
class ArchivedBill:
    """A delivery as it was archived, byte for byte: in `archive/SOURCE/SHA-256/files`."""

    source: str
    sha256: str


@dataclass(frozen=True)
class SourceRows:
    """A page of the rows behind a leaf. All of them come to `amount`, to the last digit."""

    charge_key: int
    dimensions: Mapping[str, str]
    metric: Metric
    currency: str
    amount: Decimal
    total_rows: int
    bills: tuple[ArchivedBill, ...]
    items: tuple[LineItem, ...]


def source_rows(
    session: Session, viewer: Viewer, asked: Asked, charge_key: int, *, limit: int = 100, offset: int = 0
) -> SourceRows:
    """The rows of bills that are of `charge_key` in the figure, by charge day and place in the bill.

    Raises NotFound where the figure has no such charges that `viewer` may see, and where the archived bill is missing.
    """
    # Only now: DuckDB and Arrow take half a second to import, and a server should not start slower for them.
    from app.db.detail import detail_reader  # noqa: PLC0415

    ground = figure_ground(session, asked, visible_teams(session, viewer))
    selection = replace(ground.selection, charge_key=charge_key)
    leaves = leaf_page(session, selection, limit=_MOST_LEAVES, offset=0).rows
    if not leaves:
        raise NotFound(f"The figure has no charges of charge key {charge_key} that you may see.")
    dimensions = charge_keys(session, [charge_key])[charge_key]
    wanted = _wanted(session, selection, leaves)
    details = details_of(session, sorted({each.load_id for each in wanted}))
    with detail_reader(details, wanted, _span(leaves, dimensions)) as reader:
        totals = reader.totals()
        items = tuple(line_item(line, selection.metric) for line in reader.lines(limit=limit, offset=offset))
    amount = total(leaf.amount for leaf in leaves)
    _check(totals, selection.metric, amount)
    return SourceRows(
        charge_key=charge_key,
        dimensions=dimensions,
        metric=selection.metric,
        currency=leaves[0].currency,
        amount=amount,
        total_rows=sum(each.rows for each in totals),
        bills=_bills(details),
        items=items,
    )


def _wanted(session: Session, selection: Selection, leaves: Sequence[LeafRow]) -> list[WantedKey]:
    """The days of every leaf in every load of its billing period that has the key."""
    return [
        WantedKey(load, leaf.charge_key, leaf.first_day, leaf.last_day + timedelta(days=1), leaf.share)
        for load, period in loads_with_key(session, selection)
        for leaf in leaves
        if leaf.billing_period_start == period
    ]


def _span(leaves: Sequence[LeafRow], dimensions: Mapping[str, str]) -> Span:
    return Span(
        min(leaf.first_day for leaf in leaves),
        max(leaf.last_day for leaf in leaves) + timedelta(days=1),
        {name: [dimensions[name]] for name in _TELLING if name in dimensions},
    )


def _check(totals: Sequence[LineTotal], metric: Metric, amount: Decimal) -> None:
    """That the rows of the bill come to the leaf. Wrong money is worse than a crash."""
    rows = total(EXACT.multiply(each.sums[metric], each.share) for each in totals)
    assert rows == amount, f"the rows of the bill come to {rows}, and the charges to {amount}"


def _bills(details: Sequence[DetailOfLoad]) -> tuple[ArchivedBill, ...]:
    return tuple(dict.fromkeys(ArchivedBill(each.source, each.delivery_sha256) for each in details))
