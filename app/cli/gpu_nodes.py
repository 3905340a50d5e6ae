"""`trueup gpu nodes`: machines with GPUs, and which resources of the bill they are."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import AsJson, answer, say, table
from app.cli.policy import read_document
from app.db.session import read_session, write_session
from app.domain.viewer import operator

if TYPE_CHECKING:
    from app.domain.gpu.node_row import NodeRow

app = typer.Typer(help="Machines with GPUs, and which resources of the bill they are.", no_args_is_help=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file of nodes.")], as_json: AsJson = False
) -> None:
    """Take in a node map, or nothing if a row cannot be used.

    Its columns: node, resource_id, from, to, boards, instance_type; all but node may be empty. It is needed where
    neither provider ids nor names tell which resource of the bill a node is.

    Example: trueup gpu nodes import nodes.csv
    """
    from app.actions.gpu_nodes import import_node_map

    with write_session() as session:
        imported = import_node_map(session, operator(), read_document(file), file.name)
    if as_json:
        answer({**asdict(imported), "unchanged": imported.unchanged})
        return
    say(
        f"{imported.nodes:,} nodes: {len(imported.added):,} new, {len(imported.changed):,} changed,"
        f" {imported.unchanged:,} known already."
    )


@app.command("list")
def list_nodes(
    unbilled: Annotated[bool, typer.Option("--unbilled", help="Only those that no bill has a resource for.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the machines with GPUs and the resource of the bill that each is.

    Example: trueup gpu nodes list --unbilled
    """
    from app.reports.gpu_nodes import gpu_nodes

    with read_session() as session:
        found = gpu_nodes(session, operator(), unbilled_only=unbilled)
    if as_json:
        answer([asdict(each) for each in found])
        return
    rows = [row for node in found for row in _rows(node)]
    table(("node", "resource", "from", "to", "by", "instance type", "boards"), rows, right=(6,))


def _rows(node: "NodeRow") -> Iterator[tuple[object, ...]]:
    """A line for each resource that a node map says it was, and one for what was found by its names."""
    about = node.instance_type, node.boards or node.boards_seen
    for span in node.mapped:
        yield node.name, span.resource_id, span.starts_at, span.ends_at, "node map", *about
    if node.resource_id or not node.mapped:
        by = "provider id" if node.provider_id else "name"
        yield node.name, node.resource_id, None, None, by if node.resource_id else None, *about
