"""Jobs and nodes handed over as files, to what they change in the books."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.telemetry import ingest_telemetry_paths
from app.db.tables.gpu import GpuFinding, GpuJob, GpuNode, GpuNodeSpan
from app.domain.viewer import operator
from app.errors import BadInput
from ingest.telemetry.pipeline import TelemetryOutcome
from tests.app.chargeback.months import MARCH, Months, usage
from tests.trueup import Trueup

POLICY = """
name: shared cluster
teams: [{id: search}, {id: speech}]
pools: [{id: cluster, name: Cluster, split: {driver: gpu_hours, fallback: even}}]
rules: [{name: cluster, when: {column: SubAccountId, equals: cluster}, pool: cluster}]
gpu:
  owners: [{team: search, account: nlp}, {team: speech, account: asr}]
"""
SACCT = """JobIDRaw|User|Account|State|Submit|Start|End|NNodes|NodeList|AllocTRES|JobName
1|ada|nlp|COMPLETED|2026-03-02T00:00:00|2026-03-02T01:00:00|2026-03-02T03:00:00|1|gpu01|gres/gpu=8|train|a
2|bob|asr|NODE_FAIL|2026-03-02T00:00:00|2026-03-02T01:00:00|2026-03-02T05:00:00|1|gpu02|gres/gpu=8|asr-1
3|bob|asr|COMPLETED|2026-03-02T00:00:00|yesterday|2026-03-02T05:00:00|1|gpu02|gres/gpu=8|asr-2
"""


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    found.bill(usage("cluster", "60", day="2026-03-02"))
    return found


def hand_over(months: Months, name: str, text: str, file_format: str, source: str) -> TelemetryOutcome:
    path = months.folder / name
    path.write_text(text)
    trueup = months.trueup
    return ingest_telemetry_paths(
        trueup.engine, operator(), trueup.config, [path], source_name=source, file_format=file_format,
        observed_at=datetime(2026, 3, 3, tzinfo=UTC),
    )  # fmt: skip


def test_jobs_of_slurm_share_the_cluster_and_are_told_by_row(months: Months) -> None:
    outcome = hand_over(months, "jobs.psv", SACCT, "sacct", "slurm")
    assert (outcome.jobs.jobs, outcome.refused) == (2, 1)
    assert str(outcome.refusals[0]).startswith("jobs.psv, row 4: Start 'yesterday' is no moment")
    assert [(job.job_id, job.gpus, job.name) for job in months.trueup.all(GpuJob)] == [
        ("1", 8, "train|a"),
        ("2", 8, "asr-1"),
    ]
    assert months.owed(MARCH) == {"search": Decimal("20.00"), "speech": Decimal("40.00")}  # 16 and 32 GPU-hours
    assert [(each.rule, each.subject, each.team_id) for each in months.trueup.all(GpuFinding)] == [
        ("late_failure", "bob asr", "speech"),
    ]


def test_the_same_bytes_again_change_nothing_and_a_restated_file_replaces(months: Months) -> None:
    hand_over(months, "jobs.psv", SACCT, "sacct", "slurm")
    version = months.trueup.version()
    assert hand_over(months, "jobs.psv", SACCT, "sacct", "slurm").unchanged
    assert months.trueup.version() == version
    hand_over(months, "jobs.psv", SACCT.replace("03T05:00", "02T05:00").replace("T05:00", "T03:00"), "sacct", "slurm")
    assert len(months.trueup.all(GpuJob)) == 2
    assert months.owed(MARCH) == {"search": Decimal("30.00"), "speech": Decimal("30.00")}


def test_nodes_that_are_down_and_their_boards_are_kept(months: Months) -> None:
    text = "NODELIST|STATE|GRES|TIMESTAMP|REASON\ngpu01|idle|gpu:8|Unknown|none\ngpu02|down|gpu:8|Unknown|fan\n"
    outcome = hand_over(months, "sinfo.txt", text, "sinfo", "slurm-nodes")
    assert (outcome.jobs.nodes, outcome.jobs.nodes_down) == (2, 1)
    assert [(node.name, node.boards) for node in months.trueup.all(GpuNode)] == [("gpu01", 8), ("gpu02", 8)]
    assert [(each.starts_at, each.reason) for each in months.trueup.all(GpuNodeSpan)] == [
        (datetime(2026, 3, 3, tzinfo=UTC), "down: fan"),
    ]


@pytest.mark.parametrize(
    ("text", "file_format", "told"),
    [
        ("a,b\n1,2\n", "jobs", "the header has a, which is not known"),
        ("job_id,gpus\n1,x\n", "jobs", "row 2: gpus 'x' is no whole number"),
        ("node,boards\n", "nodes", "Nothing in"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused(months: Months, text: str, file_format: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        hand_over(months, "file.csv", text, file_format, "other")
    assert not months.trueup.all(GpuJob)
    assert months.trueup.deliveries("other")[-1][0] == "refused"
