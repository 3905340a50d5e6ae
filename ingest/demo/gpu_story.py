"""What the demo company's GPUs do: who holds them, and how well they are used.

- Pre-training keeps four of its nodes after the big run. One trains well, one waits for its data, one runs jobs of
  which some fail hours after their last checkpoint, and one has been forgotten: nobody holds it.
- Fine-tuning's cluster is smaller since LoRA. Its last node shares GPUs: one of them is cut into MIG instances, and
  a part of it is left over.
- The inference platform holds its GPUs all night, though nobody asks after ten; one node serves a model that hardly
  anybody calls.
- One of the B200 nodes has an exporter whose profiling metrics are stuck at zero while the GPUs draw 700 W.
- The sandbox's notebooks hold their GPUs as long as they are on, and compute now and then.
- Speech holds its A100s at Google through the weekend, when nobody trains; search's embeddings use theirs lightly and
  without pause.
- Azure's nodes and the old account's V100s have no exporter: what they did, nobody knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest.demo.gpu_shapes import Shape, Span, all_days, always, bursts, never, on_days, on_workdays, sessions, traffic

Held = Callable[[Span], Any]


@dataclass(frozen=True)
class Accelerator:
    """A GPU as its driver and its power meter describe it."""

    model: str
    memory_mib: float
    idle_watts: float
    most_watts: float


@dataclass(frozen=True)
class Use:
    """What runs on the boards of a node, alike on each: whose it is, when it holds them, how busy it is.

    `tensor` and `dram` are parts of the activity; `memory` is the part of the board's memory that is used while held.
    """

    namespace: str
    pod: str
    team: str
    busy: Shape
    held: Held = all_days
    tensor: float = 0.4
    dram: float = 0.4
    memory: float = 0.7
    is_stuck: bool = False  # the exporter's profiling metrics
    container: str = "main"


@dataclass(frozen=True)
class MigSlice:
    """A MIG instance of a board and what runs on it."""

    gpu_instance_id: int
    profile: str
    use: Use | None


NOBODY = Use("", "", "", never(), held=on_days(lambda _day: False), memory=0.0)
ACCELERATORS = {
    "H100": Accelerator("NVIDIA H100 80GB HBM3", 81559, 70, 700),
    "H200": Accelerator("NVIDIA H200", 143771, 75, 700),
    "B200": Accelerator("NVIDIA B200", 183359, 140, 1000),
    "A100": Accelerator("NVIDIA A100-SXM4-80GB", 81920, 60, 400),
    "L40S": Accelerator("NVIDIA L40S", 46068, 35, 350),
    "A10G": Accelerator("NVIDIA A10G", 23028, 18, 300),
    "L4": Accelerator("NVIDIA L4", 23034, 16, 72),
    "T4": Accelerator("Tesla T4", 15360, 12, 70),
}
ABLATION = bursts(0.88, every=1440, lasting=1300, after=12)  # a job a day, which loads its data first
LONG_DAY = traffic(0.9, opens=5, closes=23)
# By the beginning of a node's name; the longest that fits. Nodes that nothing fits have no exporter.
USES = {
    "atlas-h100-": Use("pretraining", "atlas-train", "pretraining", bursts(0.92, every=240, lasting=228), dram=0.5),
    "atlas-h100-01": Use(
        "pretraining", "atlas-tokenise", "pretraining", always(0.12), tensor=0.05, dram=0.3, memory=0.55
    ),
    "atlas-h100-02": Use("pretraining", "atlas-ablation", "pretraining", ABLATION, dram=0.5),
    "atlas-h100-03": NOBODY,
    "atlas-b200-": Use("pretraining", "atlas-next", "pretraining", bursts(0.85, every=480, lasting=420), dram=0.5),
    "atlas-b200-01": Use("pretraining", "atlas-next-b", "pretraining", always(0.8), is_stuck=True),
    "tuning-a100-": Use(
        "finetuning", "lora-assistant", "finetuning", bursts(0.83, every=180, lasting=165),
        held=on_days(lambda day: day % 7 != 6), memory=0.5,
    ),
    "serve-l40s-": Use("inference", "gateway", "inference", traffic(0.75), tensor=0.3, dram=0.7, memory=0.9),
    "serve-l40s-05": Use("inference", "old-reranker", "inference", traffic(0.04, opens=9, closes=11), memory=0.9),
    "serve-h200-": Use("inference", "large-models", "inference", LONG_DAY, dram=0.8, memory=0.92),
    "embed-t4-": Use("search", "embeddings", "search", always(0.17), tensor=0.1, dram=0.2, memory=0.35),
    "speech-a100-": Use("speech", "transcribe-train", "speech", on_workdays(0.86), dram=0.5, memory=0.75),
    "captions-l4-": Use("speech", "live-captions", "speech", traffic(0.6, opens=7, closes=21), dram=0.5, memory=0.6),
    "serve-l4-": Use("inference", "gateway-l4", "inference", traffic(0.7), tensor=0.3, dram=0.7, memory=0.85),
    "voice-a10g-": Use("speech", "voices", "speech", sessions(0.7, share=0.8), memory=0.8),
    "notebook-t4-": Use("sandbox", "notebook", "sandbox", sessions(0.3, share=0.15), memory=0.3),
    "explore-a100-": Use("sandbox", "explore", "sandbox", sessions(0.6, share=0.4), memory=0.6),
}  # fmt: skip
# One board of fine-tuning's last node is cut up; 3g + 2g + 1g of seven parts, so that a part is left over.
MIG_NODE, MIG_BOARD = "tuning-a100-03", 7
MIG_SLICES = (
    MigSlice(1, "3g.40gb", Use("finetuning", "eval-large", "finetuning", bursts(0.7, every=90, lasting=60))),
    MigSlice(3, "2g.20gb", Use("sandbox", "notebook-shared", "sandbox", sessions(0.5, share=0.3))),
    MigSlice(9, "1g.10gb", None),
)
# Jobs of the node with ablations: one each day from midnight on, of so many hours; every fourth fails at its end.
JOB_NODE, JOB_HOURS, FAILED_EVERY = "atlas-h100-02", 22, 4
CHECKPOINT_EVERY = 6  # hours


def use_of(node: str) -> Use | None:
    """What runs on a node; None where no exporter tells."""
    fits = [name for name in USES if node.startswith(name)]
    return USES[max(fits, key=len)] if fits else None
