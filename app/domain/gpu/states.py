"""The states of a paid board-minute. Each minute is in exactly one: the first, in this order, that fits."""

from enum import StrEnum


class WasteState(StrEnum):
    """What became of a paid board-minute. Declared in the order in which they are tried; no other list exists."""

    UNUSED_COMMITMENT = "unused_commitment"  # paid for, and no board ran
    UNAVAILABLE = "unavailable"  # known to be down
    UNKNOWN = "unknown"  # telemetry is missing, or cannot be believed
    UNALLOCATED_NODE = "unallocated_node"  # no board of the node has an owner
    UNALLOCATED_PART = "unallocated_part"  # this board, or the rest of it beside its MIG instances, has none
    STARTING = "starting"  # owned, from its start to its first activity
    IDLE_HELD = "idle_held"  # owned and without activity, in a run of the idle threshold or longer
    IDLE_GAP = "idle_gap"  # owned and without activity, in a shorter run
    FAILED = "failed"  # active for work that failed, since its last checkpoint
    INEFFICIENT = "inefficient"  # active, and hardly so
    PRODUCTIVE = "productive"  # the rest

    @property
    def is_waste(self) -> bool:
        """Whether it is waste: everything but what is productive and what nobody knows."""
        return self not in {WasteState.PRODUCTIVE, WasteState.UNKNOWN}

    @property
    def has_owner(self) -> bool:
        """Whether whoever held the board answers for it; else the platform does."""
        return STATES.index(self) >= STATES.index(WasteState.STARTING)


STATES = tuple(WasteState)
