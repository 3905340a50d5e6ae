"""The nodes with GPUs, and which resources of the bill they are."""

from sqlalchemy.orm import Session

from app.db.queries.gpu_nodes import node_rows
from app.domain.gpu.node_row import NodeRow
from app.domain.viewer import Scope, Viewer


def gpu_nodes(session: Session, viewer: Viewer, *, unbilled_only: bool = False) -> tuple[NodeRow, ...]:
    """Every node, by name; with `unbilled_only`, those that no resource of the bill is.

    Only for viewers that may see every team: teams share machines.
    """
    viewer.require_everything(Scope.READ_COSTS)
    return tuple(node for node in node_rows(session) if not (unbilled_only and node.is_billed))
