"""What waste could be had back: as capacity for other work, or as a smaller bill, and how sure that is.

Freed hours are no saved money. A board that is freed is *capacity*, worth something where work waits for it. The *bill*
shrinks only by nodes on which every board is free, and only where the hours are not paid for anyway.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.gpu.price import PurchaseOption

# What is covered by a commitment, prepaid or owned costs the same when it is not used. Of a node without a bill nobody
# knows how it is paid for.
SHRINKING = frozenset({PurchaseOption.ON_DEMAND, PurchaseOption.SPOT})
SURE_DAYS, SURE_COVERAGE = 7, 0.9


class Confidence(StrEnum):
    """How sure it is that what looks idle is."""

    HIGH = "high"  # profiling counters, a week or more of the board, and nearly every minute of the day observed
    MEDIUM = "medium"
    LOW = "low"  # GPU_UTIL alone, which says only whether some kernel ran


@dataclass(frozen=True)
class Evidence:
    """What is known of a board on a day: days on which it was seen, minutes observed and hours seen, and by what."""

    days: int
    observed: int
    hours: int
    is_profiled: bool

    @property
    def confidence(self) -> Confidence:
        """How sure what is said of the day is."""
        if not self.is_profiled:
            return Confidence.LOW
        is_covered = self.observed >= SURE_COVERAGE * 60 * self.hours
        return Confidence.HIGH if self.days >= SURE_DAYS and is_covered else Confidence.MEDIUM
