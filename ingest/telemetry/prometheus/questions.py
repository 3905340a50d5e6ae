"""What a Prometheus is asked about a window of hours, given which metrics it has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.gpu.sample import FATAL_XIDS
from ingest.telemetry.dcgm.metrics import DRIVER_LABEL_OF_DCGM_4_7, GPU_UTIL_RATIO_BY_VERSION, METRICS, metric_of
from ingest.telemetry.group_sql import BUSY_PERCENT
from ingest.telemetry.prometheus.client import Question
from ingest.telemetry.prometheus.queries import (
    ENERGY_STEP,
    HOUR,
    MINUTE,
    Reach,
    board_counter,
    broken,
    contradicted,
    hourly,
    last_labels,
    minutely,
    selector,
)

DAY = 24 * HOUR
# Which metric says whether a board is active, best first.
ACTIVITY = ("sm_active_ratio", "gr_engine_active_ratio", "gpu_util_percent")
# A pod that has none of these (in a version that says only memory of it) was there when memory was.
PRESENCE = (*ACTIVITY, "fb_used_mib")
_SOURCES = ("sm_active_ratio", "gr_engine_active_ratio")
_PROFILING = (*_SOURCES, "tensor_active_ratio", "dram_active_ratio")
# Averages and greatest values are kept of these; of the parts of `fb_total_mib` averages do.
MEASURED = (*ACTIVITY, "tensor_active_ratio", "dram_active_ratio", "fb_used_mib", "power_watts")
_MEMORY = ("fb_total_mib", "fb_free_mib", "fb_reserved_mib")
KUBE_LABELS, KUBE_OWNER, KUBE_POD = "kube_pod_labels", "kube_pod_owner", "kube_pod_info"
_POD = ("namespace", "pod", "exported_namespace", "exported_pod")
EVERYTHING = '__name__=~"DCGM_FI_.*|kube_pod_(labels|owner|info)"'  # that may be asked about, as a matcher


class Stat(StrEnum):
    """What the points of an answer are."""

    AVERAGE = "avg"  # of a series over an hour
    MAXIMUM = "max"
    COUNT = "count"
    MINUTE = "minute"  # the greatest of a minute; no point: nothing seen
    COUNTER = "counter"  # of a board
    UTIL_CONTRADICTS = "util_contradicts"  # GPU_UTIL of a board in a minute in which all profiling says 0
    POWER_CONTRADICTS = "power_contradicts"  # its watts
    BROKEN = "broken"  # a fatal Xid, in a minute
    TEAM = "team"  # labels of pods, daily
    CONTROLLER = "controller"
    NODE = "node"


@dataclass(frozen=True)
class Asking:
    """A question, and what its answer is for."""

    stat: Stat
    metric: str
    question: Question


@dataclass(frozen=True)
class Hours:
    """A window of whole UTC hours: seconds since 1970, [start, end)."""

    start: int
    end: int

    def steps(self, query: str, step: int, *, before: int = 0) -> Question:
        """`query` at the end of every `step` of the window, which may begin `before` seconds earlier."""
        return Question(query, self.start - before + step, self.end, step)


@dataclass(frozen=True)
class Scope:
    """What is there to be asked: the metrics, which series of them, and how the server cuts ranges."""

    names: frozenset[str]
    matchers: Sequence[str]
    reach: Reach
    team_label: str

    def of(self, columns: Iterable[str]) -> Iterator[str]:
        """The metrics there are of some columns, in order of these."""
        for column in columns:
            spelled = (name + suffix for name in NAMES[column] for suffix in ("", "_total"))  # OpenMetrics' counters
            yield from (name for name in spelled if name in self.names)

    def selected(self, metric: str, *more: str) -> str:
        """The series of a metric that are ours."""
        return selector(metric, (*self.matchers, *more))


def column_of(metric: str) -> str:
    """Which measure a metric says; of one of Kubernetes' its own name."""
    found = metric_of(metric)
    return found[0].column if found else metric


NAMES: Mapping[str, tuple[str, ...]] = {metric.column: tuple(metric.names) for metric in METRICS}


def hourly_askings(scope: Scope, hours: Hours) -> Iterator[Asking]:
    """Averages, greatest values and counts by hour."""
    for column in (*MEASURED, *_MEMORY):
        stats = (Stat.AVERAGE, Stat.MAXIMUM, Stat.COUNT) if column in MEASURED else (Stat.AVERAGE, Stat.COUNT)
        for metric in scope.of((column,)):
            for stat in stats:
                query = hourly(stat, scope.selected(metric), scope.reach)
                yield Asking(stat, metric, hours.steps(query, HOUR))


def minute_askings(scope: Scope, hours: Hours, metrics: Iterable[str]) -> Iterator[Asking]:
    """What was seen by minute, of the `metrics` that are the best somewhere."""
    for metric in metrics:
        yield Asking(Stat.MINUTE, metric, hours.steps(minutely(scope.selected(metric), scope.reach), MINUTE))


def board_askings(scope: Scope, hours: Hours, idle_watts: float) -> Iterator[Asking]:
    """Energy, contradictions and fatal errors of boards, whoever has them."""
    for metric in scope.of(("energy_mj",)):
        query = board_counter(scope.selected(metric), scope.reach)
        yield Asking(Stat.COUNTER, metric, hours.steps(query, ENERGY_STEP, before=ENERGY_STEP))
    for metric in scope.of(("xid",)):
        yield Asking(Stat.BROKEN, metric, hours.steps(broken(scope.selected(metric), FATAL_XIDS, scope.reach), MINUTE))
    sources, profiling = ([scope.selected(each) for each in scope.of(columns)] for columns in (_SOURCES, _PROFILING))
    if sources:
        for stat, metric, evidence, above in _evidence(scope, idle_watts):
            query = contradicted(evidence, above, sources, profiling, scope.reach)
            yield Asking(stat, metric, hours.steps(query, MINUTE))


def _evidence(scope: Scope, idle_watts: float) -> Iterator[tuple[Stat, str, str, float]]:
    """What may show that a board works, and above which value: 10 % and more, and more than `idle_watts`."""
    below = BUSY_PERCENT - 0.001
    for metric in scope.of(("gpu_util_percent",)):
        if metric == GPU_UTIL_RATIO_BY_VERSION:
            ratio = scope.selected(metric, f'{DRIVER_LABEL_OF_DCGM_4_7}!=""')
            yield Stat.UTIL_CONTRADICTS, metric, ratio, below / 100
            percent = scope.selected(metric, f'{DRIVER_LABEL_OF_DCGM_4_7}=""')
            yield Stat.UTIL_CONTRADICTS, metric, percent, below
        else:
            yield Stat.UTIL_CONTRADICTS, metric, scope.selected(metric), below
    for metric in scope.of(("power_watts",)):
        yield Stat.POWER_CONTRADICTS, metric, scope.selected(metric), idle_watts


def ownership_askings(scope: Scope, hours: Hours) -> Iterator[Asking]:
    """What Kubernetes said of its pods, by UTC day.

    They are joined here, never in PromQL: there a pod without labels would vanish with what it used.
    """
    kinds = (
        (Stat.TEAM, KUBE_LABELS, (scope.team_label,)),
        (Stat.CONTROLLER, KUBE_OWNER, ("owner_kind", "owner_name")),
        (Stat.NODE, KUBE_POD, ("node",)),
    )
    for stat, metric, labels in kinds:
        if metric in scope.names:
            query = last_labels(scope.selected(metric, f'{labels[0]}!=""'), (*_POD, *labels), DAY, scope.reach)
            first, end = hours.start // DAY * DAY + DAY, -(-hours.end // DAY) * DAY
            yield Asking(stat, metric, Question(query, first, end, DAY))
