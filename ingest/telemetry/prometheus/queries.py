"""The PromQL that is asked. One metric a query: functions over time drop its name, and two would be one series twice.

An hour or a minute holds its own samples: those at its start and later, and before its end. It is asked for at its end
T as `[range] offset 1ms`, because a server may move T to a multiple of the step, and never moves an offset. Up to
Prometheus 2 a range holds its first moment too, from 3 on it does not (prometheus.io/docs/prometheus/latest/migration,
"Range selectors and lookback exclude samples coinciding with the left boundary"): `Reach` knows which.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HOUR = 3600  # seconds
MINUTE = 60
ENERGY_STEP = 300  # how closely the energy counter is followed; it divides an hour
# The labels under which exporters name a board.
BOARD_LABELS = ("UUID", "uuid", "gpu_uuid")
_BY_BOARD = f"by ({', '.join(BOARD_LABELS)})"
_ON_BOARD = f"on ({', '.join(BOARD_LABELS)})"


@dataclass(frozen=True)
class Reach:
    """How a server cuts ranges, and how far apart its samples are."""

    holds_start: bool  # whether [1h] holds a sample at its very start
    interval: int  # seconds between two samples

    def window(self, seconds: int) -> str:
        """The range that holds just the samples of the `seconds` before a moment."""
        return f"[{seconds * 1000 - 1}ms] offset 1ms" if self.holds_start else f"[{seconds}s] offset 1ms"

    @property
    def minute(self) -> int:
        """For how many seconds a sample tells about its board: a minute, or until the next is due."""
        return max(MINUTE, self.interval)


def selector(metric: str, matchers: Sequence[str]) -> str:
    """The series of a metric that are ours."""
    return f"{metric}{{{','.join(matchers)}}}" if matchers else metric


def hourly(function: str, metric: str, reach: Reach) -> str:
    """`avg`, `max` or `count` of every series of `metric`, a selector, over the hour before each moment."""
    return f"{function}_over_time({metric}{reach.window(HOUR)})"


def minutely(metric: str, reach: Reach) -> str:
    """The greatest value of every series in the minute before each moment; no point means that nothing was seen."""
    return f"max_over_time({metric}{reach.window(reach.minute)})"


def how_many(metric: str, reach: Reach) -> str:
    """How many series have samples in the hour before each moment."""
    return f"count(count_over_time({metric}{reach.window(HOUR)}))"


def board_counter(metric: str, reach: Reach) -> str:
    """The newest value of a board's counter, whoever had the board: the greatest of its series."""
    return f"max {_BY_BOARD} (last_over_time({metric}{reach.window(ENERGY_STEP)}))"


def contradicted(evidence: str, above: float, sources: Sequence[str], profiling: Sequence[str], reach: Reach) -> str:
    """What `evidence` says of boards that it shows working in a minute while profiling says 0.

    `sources` are the metrics of activity among `profiling`: one of them must be there, and nothing above 0. A point for
    each such board and minute; none where telemetry is sound.
    """
    shown = f"({_most(evidence, reach)} > {above:g})"
    zero = " or ".join(f"({_most(metric, reach)} == 0)" for metric in sources)
    active = " or ".join(f"({_most(metric, reach)} > 0)" for metric in profiling)
    return f"({shown} and {_ON_BOARD} ({zero})) unless {_ON_BOARD} ({active})"


def broken(xid: str, codes: Sequence[int], reach: Reach) -> str:
    """The boards whose error is one of `codes`, minute by minute."""
    return " or ".join(f"({_most(xid, reach)} == {code})" for code in codes)


def last_labels(metric: str, labels: Sequence[str], seconds: int, reach: Reach) -> str:
    """The values of `labels` together, of the series of `metric` in the `seconds` before each moment."""
    return f"max by ({', '.join(labels)}) (last_over_time({metric}{reach.window(seconds)}))"


def _most(metric: str, reach: Reach) -> str:
    """The greatest value that a board has in a minute."""
    return f"max {_BY_BOARD} (max_over_time({metric}{reach.window(reach.minute)}))"
