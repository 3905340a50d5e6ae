"""What nodes without a bill cost by the catalogue, so that their waste is seen before a bill comes, or without one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache

from app.db.gpu_catalogue import gpu_catalogue
from app.db.queries.gpu_waterfall import Node, instant
from app.domain.gpu.node_row import NodeBoards
from app.domain.gpu.price import PricedHour, PurchaseOption

CURRENCY = "USD"  # of the catalogue


def catalogue_hours(node: Node, seen: NodeBoards | None, hours: Sequence[int], period: date) -> list[PricedHour]:
    """The list price of a node in each hour since 1970 in which it was seen; [] where the catalogue knows none.

    `seen` are the boards that telemetry saw on it, by which it is priced where its instance type is not known.
    """
    return list(_hours(node, seen, hours, period))


def _hours(node: Node, seen: NodeBoards | None, hours: Sequence[int], period: date) -> Iterator[PricedHour]:
    catalogue = gpu_catalogue()
    instance = catalogue.instance(None, node.instance_type)
    boards = node.boards or (instance.boards if instance else seen.boards if seen else 1)
    accelerator = instance.accelerator if instance else seen.accelerator if seen else None
    price_on = cache(lambda day: catalogue.node_price(day, node.instance_type, accelerator, boards))
    for hour in hours:
        day = instant(hour).date()
        price = price_on(day)
        if price is not None:
            yield PricedHour(
                resource_id=node.resource_id,
                hour=instant(hour),
                is_daily=False,
                effective_cost=price,
                billing_currency=CURRENCY,
                purchase_option=PurchaseOption.CATALOGUE,
                node_hours=Decimal(1),
                boards=boards,
                accelerator=accelerator,
                team_id=None,
                pool_id=None,
                is_unused_commitment=False,
                charge_day=day,
                billing_period_start=period,
            )


def unbilled(
    nodes: Mapping[int, Node], seen: Mapping[int, Sequence[int]], billed: frozenset[str]
) -> dict[int, list[int]]:
    """The hours of nodes that no bill has: they are no resource in it, or one that it does not name in the month."""
    return {
        node_id: left
        for node_id, hours in seen.items()
        if (left := [hour for hour in hours if nodes[node_id].resource_at(hour) not in billed])
    }
