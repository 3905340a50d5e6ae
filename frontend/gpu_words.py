"""What the states of a paid board-minute are called, what they mean, and what can be done about each."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.gpu.states import WasteState


class Answering(StrEnum):
    """Who answers for a state; it is what the colours of the waterfall mean."""

    PLATFORM = "the platform"
    NOBODY_KNOWS = "nobody knows"
    OWNER = "whoever held the GPU"
    WORK = "useful work"


@dataclass(frozen=True)
class StateWords:
    """A state in a person's words."""

    name: str
    meaning: str
    remedy: str


STATE_WORDS = {
    WasteState.UNUSED_COMMITMENT: StateWords(
        "Unused commitment", "paid for by a commitment, and no GPU ran", "use it up, or buy less next time"
    ),
    WasteState.UNAVAILABLE: StateWords(
        "Unavailable", "known to be down: drained, or a fatal error", "repair, replace, ask the provider for a credit"
    ),
    WasteState.UNKNOWN: StateWords(
        "Unknown", "no telemetry, or telemetry that cannot be right", "repair the exporter; this is not idle time"
    ),
    WasteState.UNALLOCATED_NODE: StateWords(
        "Unallocated node", "no GPU of the node had an owner", "scale the node down"
    ),
    WasteState.UNALLOCATED_PART: StateWords(
        "Unallocated part", "this GPU, or the rest beside its MIG instances, had no owner", "pack jobs tighter"
    ),
    WasteState.STARTING: StateWords("Starting", "from a workload's start to its first activity", "cache images"),
    WasteState.IDLE_HELD: StateWords(
        "Idle, held", "held without activity for the idle threshold or longer", "cull, or scale to zero"
    ),
    WasteState.IDLE_GAP: StateWords("Idle gap", "held without activity, for a shorter time", "batch, or share the GPU"),
    WasteState.FAILED: StateWords(
        "Failed work", "active for a job that failed, since its last checkpoint", "save checkpoints more often"
    ),
    WasteState.INEFFICIENT: StateWords(
        "Inefficient", "active, and hardly so", "larger batches, a faster loader, a smaller GPU"
    ),
    WasteState.PRODUCTIVE: StateWords("Productive", "the rest: real work", ""),
}


def sentence(words: str) -> str:
    """`words` with a capital letter; the others stay as they are."""
    return words[:1].upper() + words[1:]


def answering(state: WasteState) -> Answering:
    """Who answers for a state."""
    if state is WasteState.PRODUCTIVE:
        return Answering.WORK
    if state is WasteState.UNKNOWN:
        return Answering.NOBODY_KNOWS
    return Answering.OWNER if state.has_owner else Answering.PLATFORM
