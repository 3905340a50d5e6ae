"""The hourly fact: what one owner had of one board, or MIG instance, in one UTC hour."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.gpu.sample import WHOLE_BOARD


class ActivitySource(StrEnum):
    """Which metric said whether the board was active, best first."""

    SM_ACTIVE = "sm_active"
    GR_ENGINE_ACTIVE = "gr_engine_active"
    GPU_UTIL = "gpu_util"


@dataclass(frozen=True)
class Owner:
    """Whose workload it was, as the telemetry says; nobody's is None in its place."""

    namespace: str | None = None
    pod: str | None = None
    container: str | None = None
    job_id: str | None = None
    user_name: str | None = None
    account: str | None = None
    team: str | None = None


@dataclass(frozen=True)
class GpuHour:
    """An owner's hour on a board or MIG instance; sets of minutes are those of `app.domain.gpu.minutes`.

    `active`, `suspect` and `unavailable` are parts of `observed`. A minute is active when any of its samples shows
    activity. It is suspect when what it shows cannot be: profiling metrics at 0 on a board whose GPU_UTIL or power say
    that it works. It is unavailable when a fatal Xid stands and nothing is active.
    """

    hour: datetime
    gpu_uuid: str
    observed: int
    active: int
    gpu_instance_id: int = WHOLE_BOARD
    mig_profile: str | None = None
    owner: Owner | None = None
    suspect: int = 0
    unavailable: int = 0
    activity_source: ActivitySource | None = None
    activity_avg: float | None = None
    tensor_active_avg: float | None = None
    dram_active_avg: float | None = None
