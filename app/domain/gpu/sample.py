"""A GPU sample: what a board, or a MIG instance of it, said at one moment. The columns of `--format samples`."""

from dataclasses import dataclass
from datetime import UTC, datetime

# Samples are of moments from the one up to, not including, the other; a clock that says another is wrong.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
WHOLE_BOARD = -1  # as gpu_instance_id: the board itself, no MIG instance of it


@dataclass(frozen=True)
class SampleColumn:
    """A column of samples: its DuckDB type, its unit, and the least and greatest value that can be meant."""

    name: str
    type: str
    unit: str = ""
    least: float | None = None
    most: float | None = None


SAMPLE_COLUMNS = (
    SampleColumn("timestamp", "TIMESTAMPTZ"),
    SampleColumn("gpu_uuid", "VARCHAR"),
    SampleColumn("gpu_instance_id", "SMALLINT", least=WHOLE_BOARD, most=127),
    SampleColumn("mig_profile", "VARCHAR"),  # such as 3g.40gb
    SampleColumn("hostname", "VARCHAR"),
    SampleColumn("model", "VARCHAR"),  # as the driver names it
    SampleColumn("gpu_util_percent", "DOUBLE", "%", 0, 100),
    SampleColumn("sm_active_ratio", "DOUBLE", "0-1", 0, 1),
    SampleColumn("gr_engine_active_ratio", "DOUBLE", "0-1", 0, 1),
    SampleColumn("tensor_active_ratio", "DOUBLE", "0-1", 0, 1),
    SampleColumn("dram_active_ratio", "DOUBLE", "0-1", 0, 1),
    SampleColumn("fb_used_mib", "DOUBLE", "MiB", 0, 1e7),
    SampleColumn("fb_total_mib", "DOUBLE", "MiB", 0, 1e7),
    SampleColumn("power_watts", "DOUBLE", "W", 0, 1e5),  # of the whole board, also beside a MIG instance
    SampleColumn("energy_mj", "DOUBLE", "mJ", 0, 9e15),  # a counter of the whole board since the driver was loaded
    SampleColumn("xid", "INTEGER", "", 0, 100_000),  # the last error code; 0 or absent: none
    SampleColumn("namespace", "VARCHAR"),
    SampleColumn("pod", "VARCHAR"),
    SampleColumn("container", "VARCHAR"),
    SampleColumn("job_id", "VARCHAR"),
    SampleColumn("user_name", "VARCHAR"),
    SampleColumn("account", "VARCHAR"),  # of the scheduler
    SampleColumn("team", "VARCHAR"),
)
REQUIRED = ("timestamp", "gpu_uuid")
# Xid codes after which a board does not work: docs.nvidia.com/deploy/xid-errors. With no activity it is `unavailable`.
FATAL_XIDS = (48, 63, 64, 74, 79, 92, 94, 95)
