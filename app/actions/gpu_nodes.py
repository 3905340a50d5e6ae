"""Taking in a node map: which resource of the bill a node with GPUs is."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.chargeback.gpu_waste import post_waste
from app.chargeback.posting import lock_posting
from app.db.dataset import count_change
from app.db.gpu_nodes import record_node_map
from app.db.queries.gpu_nodes import posted_periods
from app.domain.gpu.node_map import mapped_nodes
from app.domain.viewer import Scope, Viewer

_AUDITED = 100  # nodes that an audit entry names


@dataclass(frozen=True)
class ImportedNodes:
    """What an import changed: how many nodes the map names, and which of them are new or changed."""

    nodes: int
    added: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def unchanged(self) -> int:
        """How many were known already, just so."""
        return self.nodes - len(self.added) - len(self.changed)


def import_node_map(session: Session, viewer: Viewer, document: str, name: str) -> ImportedNodes:
    """Takes in the CSV `document` called `name`, in the place of all that an earlier map said of the same nodes.

    All of it or, when a row cannot be used, nothing: then BadInput tells every problem by row. The same file again
    changes nothing. What became of the GPU time of every billing period is worked out anew.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    mapped = mapped_nodes(document, name)
    lock_posting(session)
    changes = record_node_map(session, mapped)
    if changes:
        session.flush()
        post_waste(session, posted_periods(session))
        count_change(session)
        told = {"added": list(changes.added[:_AUDITED]), "changed": list(changes.changed[:_AUDITED])}
        counts = {"nodes_added": len(changes.added), "nodes_changed": len(changes.changed)}
        record(session, viewer, "gpu.nodes.import", name, **counts, **told)
    return ImportedNodes(len({each.node for each in mapped}), changes.added, changes.changed)
