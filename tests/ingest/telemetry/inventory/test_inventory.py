"""Jobs and nodes from plain CSV."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.gpu.node import NodeInventory
from app.errors import BadInput
from ingest.telemetry.inventory.jobs import csv_jobs
from ingest.telemetry.inventory.nodes import csv_nodes

Told = list[tuple[int, str]]


def test_a_job_needs_its_id_and_gpus_and_times_tell_its_state() -> None:
    told: Told = []
    text = """job_id,gpus,nodes,started_at,duration,team
a,8,n[1-2],2026-03-01T00:00:00Z,90.5,search
b,1,,2026-03-01T00:00:00+01:00,,
c,2,,,,
"""
    done, running, waiting = csv_jobs(text.splitlines(), "jobs.csv", lambda *each: told.append(each))
    assert not told
    assert (done.state, done.nodes, done.team, done.elapsed) == (
        "COMPLETED",
        ("n1", "n2"),
        "search",
        timedelta(seconds=90.5),
    )
    assert (running.state, running.started_at) == ("RUNNING", datetime(2026, 2, 28, 23, tzinfo=UTC))
    assert (waiting.state, waiting.elapsed) == ("PENDING", timedelta())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,x,,,", "gpus 'x' is no whole number"),
        (",1,,,", "job_id and gpus must be given"),
        ("a,1,2026-03-02,2026-03-01,", "it ends before it starts"),
        ("a,1,,2026-03-01,", "it has ended and has no started_at"),
        ("a,1,,,DONE", "state 'DONE' is none of"),
        ("a,1", "it has 2 cells where the header has 5"),
    ],
)
def test_a_row_that_cannot_be_used_is_told(row: str, reason: str) -> None:
    told: Told = []
    lines = ["job_id,gpus,started_at,ended_at,state", row, "b,1,,,"]
    assert len(list(csv_jobs(lines, "jobs.csv", lambda *each: told.append(each)))) == 1
    assert told[0][0] == 2
    assert reason in told[0][1]


@pytest.mark.parametrize("header", ["gpus", "job_id,gpus,colour", "job_id,gpus,gpus", ""])
def test_a_header_that_does_not_fit_is_refused(header: str) -> None:
    with pytest.raises(BadInput, match=r"jobs\.csv: the header"):
        list(csv_jobs([header], "jobs.csv", lambda *_: None))


def test_nodes_have_boards_and_a_model() -> None:
    told: Told = []
    lines = ["node,boards,model", "a,8,H100", "b,0,", "c,,", "d,eight,"]
    found = list(csv_nodes(lines, "nodes.csv", lambda *each: told.append(each)))
    assert found == [NodeInventory("a", 8, "H100"), NodeInventory("b", 0)]
    assert told == [(4, "node and boards must be given"), (5, "boards 'eight' is no whole number")]
