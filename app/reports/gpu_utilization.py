"""What GPUs did, as telemetry says: how active they were, how sure that is, and by which metric."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db.queries.gpu_facts import FactSum, fact_sums
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.costs import MOST_ROWS
from app.reports.gpu_query import UtilizationQuestion
from app.reports.visibility import visible_teams

MJ_PER_KWH = 3.6e9


@dataclass(frozen=True)
class UtilizationRow:
    """Telemetry of a bucket and a combination of dimensions. Ratios are 0-1; what was not measured is None, never 0.

    `coverage_ratio` is the observed part of the minutes from each board's first hour in the bucket to its last;
    `active_ratio` is the part of the observed minutes that had any activity, `activity_avg` how much of it;
    `suspect_ratio` is the part whose activity cannot be believed, such as a counter stuck at zero.
    `memory_used_ratio` is the largest use of memory in the bucket as a part of the board's.
    """

    period_start: datetime | None
    keys: tuple[str | None, ...]
    boards: int
    observed_hours: float
    coverage_ratio: float
    active_ratio: float | None
    suspect_ratio: float | None
    activity_avg: float | None
    activity_max: float | None
    gpu_util_percent_avg: float | None
    tensor_active_avg: float | None
    dram_active_avg: float | None
    fb_used_mib_avg: float | None
    fb_used_mib_max: float | None
    fb_total_mib: float | None
    memory_used_ratio: float | None
    power_watts_avg: float | None
    energy_kwh: float | None
    activity_source: str | None


@dataclass(frozen=True)
class UtilizationReport:
    """The answer to a question about utilisation, by bucket and dimensions."""

    question: UtilizationQuestion
    rows: tuple[UtilizationRow, ...]


def gpu_utilization(session: Session, viewer: Viewer, question: UtilizationQuestion) -> UtilizationReport:
    """The telemetry that `question` asks for and `viewer` may see. Raises BadInput for an answer that is too long."""
    sums = fact_sums(session, question, visible=visible_teams(session, viewer), limit=MOST_ROWS + 1)
    if len(sums) > MOST_ROWS:
        raise BadInput(
            f"The answer has more than {MOST_ROWS:,} rows. Ask for fewer days or dimensions, or add a filter."
        )
    return UtilizationReport(question, tuple(map(_row, sums)))


def _row(found: FactSum) -> UtilizationRow:
    memory = found.fb_used_mib_max / found.fb_total_mib if found.fb_used_mib_max and found.fb_total_mib else None
    observed = found.observed_minutes
    return UtilizationRow(
        period_start=found.period_start,
        keys=found.keys,
        boards=found.boards,
        observed_hours=observed / 60,
        coverage_ratio=_rounded(observed / found.expected_minutes) or 0.0,
        active_ratio=_rounded(found.active_minutes / observed) if observed else None,
        suspect_ratio=_rounded(found.suspect_minutes / observed) if observed else None,
        activity_avg=_rounded(found.activity_avg),
        activity_max=_rounded(found.activity_max),
        gpu_util_percent_avg=_rounded(found.gpu_util_avg),
        tensor_active_avg=_rounded(found.tensor_active_avg),
        dram_active_avg=_rounded(found.dram_active_avg),
        fb_used_mib_avg=_rounded(found.fb_used_mib_avg),
        fb_used_mib_max=_rounded(found.fb_used_mib_max),
        fb_total_mib=_rounded(found.fb_total_mib),
        memory_used_ratio=_rounded(memory),
        power_watts_avg=_rounded(found.power_watts_avg),
        energy_kwh=None if found.energy_mj is None else _rounded(found.energy_mj / MJ_PER_KWH),
        activity_source=found.activity_source,
    )


def _rounded(value: float | None) -> float | None:
    """To six digits: facts are kept in single precision, and no counter is better than that."""
    return None if value is None else round(value, 6)
