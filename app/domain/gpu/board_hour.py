"""An hourly fact by the ids of what it is about, and what is known of its workload: what the waterfall works on."""

from typing import NamedTuple

from app.domain.gpu.hour import ActivitySource
from app.domain.gpu.sample import WHOLE_BOARD
from app.domain.gpu.settings import WasteThresholds


class BoardHour(NamedTuple):
    """A `GpuHour` as the database knows it. A tuple, not a dataclass: 2,048 boards make 1.5 million in a month."""

    hour: int  # since 1970-01-01T00:00Z
    node_id: int
    board_id: int
    observed: int
    active: int
    gpu_instance_id: int = WHOLE_BOARD
    mig_profile: str | None = None
    owner_id: int | None = None
    source_id: int = 0
    suspect: int = 0
    unavailable: int = 0
    activity_source: str | None = None  # of ActivitySource
    activity_avg: float | None = None
    tensor_active_avg: float | None = None
    dram_active_avg: float | None = None

    @property
    def idle(self) -> int:
        """The minutes in which it is known that nothing was active, though it could have been."""
        return self.observed & ~(self.active | self.suspect | self.unavailable)

    @property
    def is_profiled(self) -> bool:
        """Whether profiling counters say what was active; GPU_UTIL only says that some kernel ran."""
        return self.activity_source in {ActivitySource.SM_ACTIVE, ActivitySource.GR_ENGINE_ACTIVE}

    def is_inefficient(self, thresholds: WasteThresholds) -> bool:
        """Whether what was active in the hour was hardly so.

        That is little activity, or hardly any on tensor cores, unless memory traffic says that the work is bound by
        memory, as decoding of language models is. What was not measured neither accuses nor excuses.
        """
        if self.dram_active_avg is not None and self.dram_active_avg >= thresholds.dram_below:
            return False
        return (self.activity_avg is not None and self.activity_avg < thresholds.activity_below) or (
            self.tensor_active_avg is not None and self.tensor_active_avg < thresholds.tensor_below
        )


class Workload(NamedTuple):
    """A fact with what its neighbours, its job and the policy say of its minutes."""

    fact: BoardHour
    thresholds: WasteThresholds = WasteThresholds()
    team_id: str | None = None  # None: whoever pays for the node
    starting: int = 0  # before its first activity, soon after its start
    held: int = 0  # in a run without activity of the idle threshold or longer …
    beyond: int = 0  # … and after the threshold
    failed: int = 0  # of work that failed, since its last checkpoint
    failed_with_node: int = 0  # of those, the ones that the node's end cost

    @property
    def in_use(self) -> int:
        """The minutes in which somebody had it. What is active is in use, also where nobody says by whom."""
        return self.fact.observed if self.fact.owner_id is not None else self.fact.active
