"""Node maps: CSV files that say which resource of the bill a node is."""

from datetime import UTC, datetime

import pytest

from app.domain.gpu.node_map import MappedNode, mapped_nodes
from app.errors import BadInput


def test_a_node_may_be_one_resource_and_then_another() -> None:
    text = (
        "node,resource_id,from,to,boards,instance_type\n"
        "gpu01,i-1,,2026-03-05,8,p5.48xlarge\n"
        "gpu01,i-2,2026-03-05T00:00:00Z,,,\n"
        "\n"
        "gpu02,,,,4,\n"
        "gpu02,,,,4,\n"
        "gpu03,vm-3,2026-03-05T02:00:00+02:00,,,\n"
    )
    moment = datetime(2026, 3, 5, tzinfo=UTC)
    assert mapped_nodes(text, "nodes.csv") == (
        MappedNode("gpu01", "i-1", None, moment, 8, "p5.48xlarge"),
        MappedNode("gpu01", "i-2", moment, None, None, None),
        MappedNode("gpu02", None, None, None, 4, None),
        MappedNode("gpu03", "vm-3", moment, None, None, None),
    )


def test_two_columns_are_enough() -> None:
    assert mapped_nodes("Resource_ID, Node\ni-1, gpu01\n", "n.csv") == (
        MappedNode("gpu01", "i-1", None, None, None, None),
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",i-1,,,,", "row 2: node is empty"),
        ("a,i-1,yesterday,,,", "row 2: `from` must be a day"),
        ("a,i-1,20260301,,,", "row 2: `from` must be a day"),
        ("a,i-1,2026-03-02,2026-03-02,,", "row 2: `to` is not after `from`"),
        ("a,i-1,,,0,", "row 2: boards must be a whole number from 1 to 72"),
        ("a,i-1,,,eight,", "row 2: boards must be"),
        ("a,,,,,", "row 2: it says nothing of the node"),
        ("a,,2026-03-01,,8,", "row 2: `from` and `to` are those of a resource_id"),
        ("a,i-1", "row 2: 2 cells where the header has 6"),
        ("a,i-1,,2026-03-05,,\na,i-2,2026-03-04,,,", "row 3: a is another resource at that time, by row 2"),
        ("a,i-1,,,,\na,i-1,2026-01-01,,,\na,i-2,2026-02-01,,,", "row 4: a is another resource at that time, by row 2"),
        ("a,i-1,,,8,\na,,,,4,", "row 3: a has another value of boards"),
        ("", "there is no node in it"),
    ],
)
def test_a_row_that_cannot_be_used_is_told(row: str, told: str) -> None:
    with pytest.raises(BadInput, match="nothing was taken in") as refused:
        mapped_nodes(f"node,resource_id,from,to,boards,instance_type\n{row}\n", "nodes.csv")
    assert told in str(refused.value)


@pytest.mark.parametrize("header", ["", "node,node", "resource_id", "node,price"])
def test_the_header_must_be_known(header: str) -> None:
    with pytest.raises(BadInput, match="first row must name"):
        mapped_nodes(f"{header}\na\n", "nodes.csv")
