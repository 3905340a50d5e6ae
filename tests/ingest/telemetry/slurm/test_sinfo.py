"""Nodes from `sinfo -N`."""

from datetime import UTC, datetime

import pytest

from app.domain.gpu.node import NodeCondition, NodeInventory
from app.errors import BadInput
from ingest.telemetry.slurm.sinfo import sinfo_nodes

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PIPES = """NODELIST|STATE|GRES|TIMESTAMP|REASON
gpu01|mixed|gpu:a100:8(S:0-1)|Unknown|none
gpu01|mixed|gpu:a100:8(S:0-1)|Unknown|none
gpu02|down*|gpu:a100:8(S:0-1)|2026-03-01T10:00:00|Not responding
gpu03|draining|gpu:a100:8|2026-03-02T10:00:00|fan
gpu04|idle+drain|(null)|Unknown|RMA | board 3
gpu05|idle~|gpu:4|Unknown|none
"""
BLANKS = """Mon Mar  2 12:00:00 2026
NODELIST NODES PARTITION STATE CPUS S:C:T MEMORY TMP_DISK WEIGHT AVAIL_FE REASON
gpu01 1 gpu* allocated 64 2:32:1 512000 0 1 a100 none
gpu02 1 gpu* drained 64 2:32:1 512000 0 1 a100 Xid 79, ticket 12
"""


def read(text: str) -> tuple[list[NodeInventory | NodeCondition], list[tuple[int, str]]]:
    told: list[tuple[int, str]] = []
    found = sinfo_nodes(text.splitlines(), "sinfo.txt", lambda *each: told.append(each), observed_at=NOW)
    return list(found), told


def test_boards_and_conditions_are_read_once_for_each_node() -> None:
    found, told = read(PIPES)
    assert not told
    assert [each for each in found if isinstance(each, NodeInventory)] == [
        NodeInventory("gpu01", 8, "a100"),
        NodeInventory("gpu02", 8, "a100"),
        NodeInventory("gpu03", 8, "a100"),
        NodeInventory("gpu05", 4),
    ]
    down = [each for each in found if isinstance(each, NodeCondition) and each.is_down]
    assert [(each.name, each.since) for each in down] == [
        ("gpu02", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("gpu04", None),
    ]
    assert down[0].reason == "down*: Not responding"


def test_the_long_form_has_a_date_above_and_a_reason_with_blanks() -> None:
    found, _ = read(BLANKS)
    assert found[1] == NodeCondition("gpu02", NOW, True, None, "drained: Xid 79, ticket 12")


def test_a_node_that_drains_still_works() -> None:
    assert not any(each.is_down for each in read(PIPES)[0] if isinstance(each, NodeCondition) and each.name == "gpu03")


def test_what_cannot_be_read_is_told() -> None:
    assert read(PIPES + "gpu06|idle|gpu:many:x|Unknown|none\n")[1] == [(8, "'gpu:many:x' is no count of GPUs")]
    with pytest.raises(BadInput, match="no line is a header"):
        read("gpu01 idle\n")
