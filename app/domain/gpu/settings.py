"""What the policy says of GPU waste: when a board is idle, hardly used or still starting, and whose a workload is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_IDLE = 24 * 60  # minutes; facts of the day before and after tell whether a run is longer


@dataclass(frozen=True)
class WasteThresholds:
    """The thresholds of the waterfall. A team may have its own."""

    idle_minutes: int = 30  # a run without activity of so many minutes or more is `idle_held`; 1 to LONGEST_IDLE
    starting_minutes: int = 15  # so long a workload may take to its first activity
    activity_below: float = 0.2  # hourly mean of activity (0-1) under which an hour is `inefficient` …
    tensor_below: float = 0.02  # … or of tensor activity …
    dram_below: float = 0.3  # … as long as memory traffic (DRAM_ACTIVE) is under this: else it is memory bound
    coverage_below: float = 0.5  # observed minutes ÷ paid minutes of an hour under which all of it is `unknown`


@dataclass(frozen=True)
class OwnerRule:
    """Which team a workload belongs to, by shell patterns; an empty one fits everything."""

    team_id: str
    namespace: str = ""
    account: str = ""  # of the scheduler (Slurm)
    user: str = ""


@dataclass(frozen=True)
class GpuPolicy:
    """The policy's `gpu` part."""

    thresholds: WasteThresholds = WasteThresholds()
    by_team: Mapping[str, WasteThresholds] = field(default_factory=dict)
    owners: tuple[OwnerRule, ...] = ()  # the first that fits wins; before them, a sample's own team, if there is one

    def of(self, team_id: str | None) -> WasteThresholds:
        """The thresholds of a team; of all for those without any of their own."""
        return self.by_team.get(team_id, self.thresholds) if team_id else self.thresholds
