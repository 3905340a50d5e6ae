"""A node with GPUs as it is listed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ResourceSpan:
    """Which resource of the bill a node is from one moment up to another, by a node map; None: an open side."""

    resource_id: str
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class NodeBoards:
    """How many boards a node has, and what they are if they are all alike: the catalogue's name."""

    boards: int
    accelerator: str | None


@dataclass(frozen=True)
class NodeRow:
    """A node, and which resource of the bill it is. Without any, its GPU time has no price."""

    name: str
    provider_id: str | None
    resource_id: str | None  # found by provider id or name; `mapped` goes before it
    instance_type: str | None
    boards: int | None  # as told
    boards_seen: int  # whose telemetry came from here last
    mapped: tuple[ResourceSpan, ...]

    @property
    def is_billed(self) -> bool:
        """Whether some resource of the bill is it."""
        return bool(self.resource_id or self.mapped)
