"""What an inventory or a scheduler says of a node: what it has, and whether it is down."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class NodeInventory:
    """A node and the GPU boards it has; None where that is not said."""

    name: str
    boards: int | None = None
    model: str | None = None


@dataclass(frozen=True)
class NodeCondition:
    """Whether a node was down when somebody looked, and since when and why."""

    name: str
    observed_at: datetime
    is_down: bool
    since: datetime | None = None
    reason: str | None = None
