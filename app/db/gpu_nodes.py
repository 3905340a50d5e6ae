"""Nodes of telemetry and the resources of the bill that they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.tables.gpu import GpuNode, GpuNodeSpan
from app.domain.gpu.node_map import MappedNode
from app.domain.gpu.node_match import BilledResource, billed_by_key, resource_of

_BILLED = """
SELECT DISTINCT resource_id, resource_name, sub_account_id FROM charge_key
WHERE resource_id IS NOT NULL AND id IN (
    SELECT DISTINCT charge_key_id FROM gpu_price JOIN load ON load.id = load_id
    WHERE load.state = 'live' AND load.billing_period_start = ANY(:periods))
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class ChangedNodes:
    """What a node map changed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)


def match_nodes(session: Session, periods: Collection[date]) -> int:
    """Finds the resource of each node among those with GPUs in the live bills of `periods`. Returns how many changed.

    A node that none of them bills stays what it was: a bill comes later than telemetry. What a node map says goes
    before it, wherever it is asked for.
    """
    rows = session.execute(text(_BILLED), {"periods": sorted(periods)})
    billed = billed_by_key(BilledResource(*row) for row in rows)
    if not billed:
        return 0
    changed = 0
    for node in session.scalars(select(GpuNode)):
        resource = resource_of(node.name, node.provider_id, billed)
        if resource and resource != node.resource_id:
            node.resource_id = resource
            changed += 1
    session.flush()
    return changed


def record_node_map(session: Session, mapped: Sequence[MappedNode]) -> ChangedNodes:
    """Keeps what a node map says, in the place of all that an earlier one said of the same nodes."""
    by_name: dict[str, list[MappedNode]] = {}
    for each in mapped:
        by_name.setdefault(each.node, []).append(each)
    known = set(session.scalars(select(GpuNode.name).where(GpuNode.name.in_(by_name))))
    new = [{"name": name} for name in by_name if name not in known]
    if new:
        session.execute(insert(GpuNode).on_conflict_do_nothing(), new)
    nodes = {node.name: node for node in session.scalars(select(GpuNode).where(GpuNode.name.in_(by_name)))}
    changed = [name for name, rows in by_name.items() if _record(session, nodes[name], rows)]
    return ChangedNodes(tuple(sorted(set(by_name) - known)), tuple(sorted(name for name in changed if name in known)))


def _record(session: Session, node: GpuNode, rows: Sequence[MappedNode]) -> bool:
    """Whether anything about the node changed."""
    boards = next((each.boards for each in rows if each.boards), node.boards)
    instance_type = next((each.instance_type for each in rows if each.instance_type), node.instance_type)
    is_changed = (node.boards, node.instance_type) != (boards, instance_type)
    node.boards, node.instance_type = boards, instance_type
    ours = (GpuNodeSpan.node_id == node.id, GpuNodeSpan.kind == "resource", GpuNodeSpan.source_id.is_(None))
    told = session.execute(select(GpuNodeSpan.resource_id, GpuNodeSpan.starts_at, GpuNodeSpan.ends_at).where(*ours))
    before: set[tuple[str | None, datetime | None, datetime | None]] = {tuple(row) for row in told}  # type: ignore[misc]
    after = {(each.resource_id, each.starts_at, each.ends_at) for each in rows if each.resource_id}
    if after == before:
        return is_changed
    session.execute(delete(GpuNodeSpan).where(*ours))
    spans = [
        {"node_id": node.id, "kind": "resource", "resource_id": resource, "starts_at": start, "ends_at": end}
        for resource, start, end in sorted(after, key=str)
    ]
    if spans:
        session.execute(insert(GpuNodeSpan), spans)
    return True
