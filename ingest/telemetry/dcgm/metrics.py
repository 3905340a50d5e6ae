"""The metrics of dcgm-exporter that samples are made of: every name that one field has had, and its unit under each.

Units go by this table, never by a suffix: DCGM 4.6 called field 203 (an integer, 0-100) DCGM_FI_DEV_GPU_UTIL_RATIO, and
DCGM 4.7 gave that name to field 1613 (a double, 0-1). It is the one name whose unit depends on who wrote it.

Sources: dcgm_fields.h of DCGM 4.5, 4.6 and 4.7; etc/default-counters.csv of dcgm-exporter up to 4.9.0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.domain.gpu.sample import SampleColumn
from ingest.telemetry.sample_writer import BY_NAME

MIB = 1 / (1 << 20)
GPU_UTIL_RATIO_BY_VERSION = "DCGM_FI_DEV_GPU_UTIL_RATIO"
# The label of exporters from 4.9.0 (DCGM 4.7) on; before, it was DCGM_FI_DRIVER_VERSION.
DRIVER_LABEL_OF_DCGM_4_7 = "DCGM_FI_SYSTEM_DRIVER_VERSION"


@dataclass(frozen=True)
class DcgmMetric:
    """A measure under our name, and the metrics that say it, each with the factor that brings it to our unit."""

    column: str  # of SAMPLE_COLUMNS, or a part of `fb_total_mib`
    names: Mapping[str, float]
    of_board: bool = False  # of the whole board, though repeated for each MIG instance, pod and job

    @cached_property
    def sample_column(self) -> SampleColumn:
        """The column of samples whose unit and limits hold for it."""
        return BY_NAME.get(self.column, BY_NAME["fb_total_mib"])


METRICS = (
    # Time with any kernel running. A MIG instance has none.
    DcgmMetric("gpu_util_percent", {"DCGM_FI_DEV_GPU_UTIL": 1, GPU_UTIL_RATIO_BY_VERSION: 1}),
    DcgmMetric("sm_active_ratio", {"DCGM_FI_PROF_SM_ACTIVE": 1, "DCGM_FI_PROF_SM_UTIL_RATIO": 1}),
    DcgmMetric("gr_engine_active_ratio", {"DCGM_FI_PROF_GR_ENGINE_ACTIVE": 1, "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO": 1}),
    DcgmMetric("tensor_active_ratio", {"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 1, "DCGM_FI_PROF_TENSOR_UTIL_RATIO": 1}),
    DcgmMetric("dram_active_ratio", {"DCGM_FI_PROF_DRAM_ACTIVE": 1, "DCGM_FI_PROF_DRAM_UTIL_RATIO": 1}),
    DcgmMetric("fb_used_mib", {"DCGM_FI_DEV_FB_USED": 1, "DCGM_FI_DEV_FB_USED_BYTES": MIB}),
    DcgmMetric("fb_total_mib", {"DCGM_FI_DEV_FB_TOTAL": 1, "DCGM_FI_DEV_FB_CAPACITY_BYTES": MIB}),
    DcgmMetric("fb_free_mib", {"DCGM_FI_DEV_FB_FREE": 1, "DCGM_FI_DEV_FB_FREE_BYTES": MIB}),
    DcgmMetric("fb_reserved_mib", {"DCGM_FI_DEV_FB_RESERVED": 1, "DCGM_FI_DEV_FB_RESERVED_BYTES": MIB}),
    DcgmMetric("power_watts", {"DCGM_FI_DEV_POWER_USAGE": 1, "DCGM_FI_DEV_BOARD_POWER_WATTS": 1}, of_board=True),
    DcgmMetric(
        "energy_mj",
        {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": 1, "DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL": 1000},
        of_board=True,
    ),
    DcgmMetric("xid", {"DCGM_FI_DEV_XID_ERRORS": 1, "DCGM_FI_DEV_XID_ERROR": 1}, of_board=True),
)
# What DCGM puts where it has no value: DCGM_INT64_BLANK, DCGM_INT32_BLANK and DCGM_FP64_BLANK with their three
# neighbours (not found, not supported, not permitted), in dcgm_structs.h. No board counts so high.
_BLANKS = (9223372036854775792, 2147483632, 140737488355328)
_LEAST_BLANK, _NEIGHBOURS = min(_BLANKS), 4
_OVERSHOOT = 1.01  # of profiling ratios, which are quotients of two counters that are not read at one moment


def metric_of(name: str) -> tuple[DcgmMetric, float] | None:
    """The measure that a metric says, and its factor; None for one that samples have no use for.

    OpenMetrics puts `_total` after the name of a counter.
    """
    return _BY_NAME.get(name) or _BY_NAME.get(name.removesuffix("_total"))


def is_blank(value: float) -> bool:
    """Whether a value says that there is none: NaN, an infinity, or one of DCGM's blanks."""
    if abs(value) < _LEAST_BLANK:
        return False
    # NaN is not less than anything.
    return not abs(value) < _BLANKS[0] or any(blank <= value < blank + _NEIGHBOURS for blank in _BLANKS)


def within(metric: DcgmMetric, value: float) -> float | None:
    """A value in our unit, brought down to the most there can be where it overshoots; None when it cannot be meant."""
    column = metric.sample_column
    least, most = column.least or 0.0, column.most if column.most is not None else math.inf
    return min(value, most) if least <= value <= most * _OVERSHOOT else None


_BY_NAME = {name: (metric, float(factor)) for metric in METRICS for name, factor in metric.names.items()}
