"""Reads about nodes with GPUs, and which resources of the bill they are."""

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db.tables.gpu import GpuBoard, GpuNode, GpuNodeSpan
from app.domain.gpu.node_row import NodeBoards, NodeRow, ResourceSpan

_PERIODS = """
SELECT billing_period_start FROM gpu_waste UNION
SELECT billing_period_start FROM gpu_price JOIN load ON load.id = load_id AND load.state = 'live' ORDER BY 1
"""


def posted_periods(session: Session) -> list[date]:
    """The billing periods with GPUs, by their first days."""
    return list(session.scalars(text(_PERIODS)))


def boards_of_nodes(session: Session) -> dict[int, NodeBoards]:
    """What boards each node was seen with last, by its id."""
    names = func.array_agg(func.distinct(func.coalesce(GpuBoard.accelerator, "")))
    statement = select(GpuBoard.node_id, func.count(), names).group_by(GpuBoard.node_id)
    return {
        node: NodeBoards(count, found[0] or None if len(found) == 1 else None)
        for node, count, found in session.execute(statement)
        if node is not None
    }


def node_rows(session: Session) -> list[NodeRow]:
    """Every node, by name."""
    seen = select(GpuBoard.node_id, func.count().label("boards")).group_by(GpuBoard.node_id).subquery()
    nodes = select(GpuNode, seen.c.boards).outerjoin(seen, seen.c.node_id == GpuNode.id).order_by(GpuNode.name)
    spans: defaultdict[int, list[ResourceSpan]] = defaultdict(list)
    dated = select(GpuNodeSpan).where(GpuNodeSpan.kind == "resource")
    for each in session.scalars(dated.order_by(GpuNodeSpan.starts_at.nulls_first(), GpuNodeSpan.id)):
        if each.resource_id:
            spans[each.node_id].append(ResourceSpan(each.resource_id, each.starts_at, each.ends_at))
    return [
        NodeRow(
            name=node.name,
            provider_id=node.provider_id,
            resource_id=node.resource_id,
            instance_type=node.instance_type,
            boards=node.boards,
            boards_seen=boards or 0,
            mapped=tuple(spans[node.id]),
        )
        for node, boards in session.execute(nodes)
    ]
