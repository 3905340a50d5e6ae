"""GPUs in Slurm's trackable resources."""

import pytest

from ingest.telemetry.slurm.tres import gpus_in_gres, gpus_in_tres, model_in_gres
from ingest.telemetry.unreadable import UnreadableRowError


@pytest.mark.parametrize(
    ("tres", "gpus"),
    [
        ("billing=64,cpu=64,gres/gpu:a100=8,gres/gpu=8,mem=512G,node=2", 8),  # both mean the same boards
        ("gres/gpu:a100=4,gres/gpu:h100=2", 6),
        ("cpu=12,node=1", 0),
        ("", 0),
        ("gres/gpu=0,gres/gpu:a100=0", 0),
        ("gpu:2", 4),  # AllocGRES counts for each node
        ("gpu:v100:2,nvme:1", 4),
        ("gres/gpu:1g.5gb=3", 3),
        ("gres/gpumem=16G,gres/gpuutil=80", 0),
    ],
)
def test_the_total_or_the_types_count_and_never_both(tres: str, gpus: int) -> None:
    assert gpus_in_tres(tres, nodes=2) == gpus


def test_gres_of_a_node() -> None:
    assert gpus_in_gres("gpu:a100:8(S:0-1),nvme:1") == 8
    assert gpus_in_gres("gpu:4(S:0,2)") == 4
    assert gpus_in_gres("(null)") == 0
    assert model_in_gres("gpu:a100:8(S:0-1)") == "a100"
    assert model_in_gres("gpu:4") is None
    with pytest.raises(UnreadableRowError, match="is no count of GPUs"):
        gpus_in_gres("gpu:a100:many")
