"""Nodes and the GPU boards they have, from a plain CSV: node, boards, model."""

from collections.abc import Iterable, Iterator

from app.domain.gpu.node import NodeInventory
from ingest.telemetry.inventory.tables import Cells, Refuse, rows_of, whole_number
from ingest.telemetry.unreadable import UnreadableRowError

COLUMNS = ("node", "boards", "model")


def csv_nodes(lines: Iterable[str], name: str, refuse: Refuse) -> Iterator[NodeInventory]:
    """The nodes in the lines of a CSV called `name`; rows that cannot be read are told to `refuse`.

    Raises BadInput on a header that does not fit.
    """
    for row, cells in rows_of(lines, name, refuse, required=("node", "boards"), known=COLUMNS):
        try:
            yield _node(cells)
        except UnreadableRowError as error:
            refuse(row, str(error))


def _node(cells: Cells) -> NodeInventory:
    boards = whole_number(cells["boards"], "boards")
    if not cells["node"] or boards is None:
        raise UnreadableRowError("node and boards must be given")
    return NodeInventory(cells["node"], boards, cells["model"] or None)
