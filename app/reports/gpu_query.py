"""Questions about GPUs: which days, grouped and filtered how. Every door turns what it was given into one of these."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from app.domain.charge import Axis
from app.errors import BadInput
from app.reports.cost_query import Filter
from app.reports.driver_query import driver_filter

# What a paid board-minute can be grouped and filtered by, and what a fact of telemetry can.
WASTE_DIMENSIONS = (
    *("state", "day", "team", "pool", "node", "board", "model", "purchase_option", "owner", "namespace"),
    *("resource_id", "billing_period"),
)
FACT_DIMENSIONS = ("board", "node", "model", "team", "owner", "namespace", "mig_profile", "activity_source")
MOST_CELLS = 20_000
DEFAULT_CELLS = 8_000  # what a browser draws at once without delay, and an eye can tell apart


class FactGranularity(StrEnum):
    """How long a bucket of telemetry is; `total` is one bucket for the whole span."""

    HOUR = "hour"
    DAY = "day"
    TOTAL = "total"


class HeatMeasure(StrEnum):
    """What the colour of a heat map stands for: an hourly mean of telemetry."""

    ACTIVITY = "activity"  # 0-1
    TENSOR_ACTIVE = "tensor_active"  # 0-1
    DRAM_ACTIVE = "dram_active"  # 0-1
    FB_USED_MIB = "fb_used_mib"
    POWER_WATTS = "power_watts"


@dataclass(frozen=True)
class WasteQuestion:
    """Paid board-minutes of the days from `start` up to, not including, `end`.

    On the charge axis that is the day of use; on the billing axis the start of the billing period.
    """

    start: date
    end: date
    axis: Axis = Axis.CHARGE
    group_by: tuple[str, ...] = ("state",)
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        _check_span(self.start, self.end)
        _check_dimensions(self.group_by, self.filters, WASTE_DIMENSIONS)


@dataclass(frozen=True)
class UtilizationQuestion:
    """Telemetry of the UTC days from `start` up to, not including, `end`."""

    start: date
    end: date
    granularity: FactGranularity = FactGranularity.TOTAL
    group_by: tuple[str, ...] = ("board",)
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        _check_span(self.start, self.end)
        _check_dimensions(self.group_by, self.filters, FACT_DIMENSIONS)


@dataclass(frozen=True)
class HeatQuestion:
    """Boards × hours of telemetry between two instants, in at most `cells` cells."""

    start: datetime
    end: datetime
    measure: HeatMeasure = HeatMeasure.ACTIVITY
    cells: int = DEFAULT_CELLS
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        _check_span(self.start, self.end)
        _check_dimensions((), self.filters, FACT_DIMENSIONS)
        if not 1 <= self.cells <= MOST_CELLS:
            raise BadInput(f"A heat map has 1 to {MOST_CELLS:,} cells, not {self.cells:,}.")


def gpu_filters(texts: Iterable[str]) -> tuple[Filter, ...]:
    """The filters written as `team:search` or `!state:idle_held|idle_gap`. Raises BadInput for what is none."""
    return tuple(driver_filter(text) for text in texts)


def instant(text: str) -> datetime:
    """The moment written as a day or as ISO 8601; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text}' is no moment. Write 2026-03-01 or 2026-03-01T08:00:00Z.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _check_span(start: date, end: date) -> None:
    if start >= end:
        raise BadInput(f"start must be before end (end is exclusive); {start} is not before {end}.")


def _check_dimensions(group_by: Sequence[str], filters: Iterable[Filter], known: Collection[str]) -> None:
    if len(set(group_by)) < len(group_by):
        raise BadInput("group_by names a dimension twice.")
    for name in (*group_by, *(each.dimension for each in filters)):
        if name not in known:
            raise BadInput(f"GPUs cannot be grouped or filtered here by '{name}'. Choose from {', '.join(known)}.")
