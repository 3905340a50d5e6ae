"""What schedulers' jobs took: GPU-hours by state and whose they were, of jobs as they overlap a span."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

# A job that still runs counts up to the last moment that its source tells of.
_SUMS = """
WITH known AS (
    SELECT source_id, max(greatest(submitted_at, started_at, ended_at)) AS until FROM gpu_job GROUP BY 1
), ran AS (
    SELECT job.*, greatest(started_at, :start) AS since, least(coalesce(ended_at, until), :end) AS upto
    FROM gpu_job AS job JOIN known USING (source_id)
    WHERE gpus > 0 AND ((started_at < :end AND coalesce(ended_at, until) >= greatest(started_at, :start))
        OR (started_at IS NULL AND submitted_at >= :start AND submitted_at < :end))
)
SELECT state, started_at IS NOT NULL AS has_run, team, account, user_name, count(*) AS jobs,
       coalesce(sum(gpus * extract(epoch FROM upto - since)) FILTER (WHERE started_at IS NOT NULL), 0),
       sum(gpus * extract(epoch FROM CASE WHEN started_at IS NULL THEN upto - submitted_at
                                          WHEN started_at >= :start THEN started_at - submitted_at END))
FROM ran GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True)
class JobSum:
    """Jobs of one state and owner: how many, their GPU-seconds, and those that they waited, or wait, to begin."""

    state: str
    has_run: bool
    team: str | None  # as its source says
    account: str | None
    user_name: str | None
    jobs: int
    gpu_seconds: Decimal
    waited_gpu_seconds: Decimal | None


def job_sums(session: Session, start: datetime, end: datetime) -> Sequence[JobSum]:
    """The jobs with GPUs that ran, or came to wait, from `start` up to `end`; only what lies in it counts."""
    return [JobSum(*row) for row in session.execute(text(_SUMS), {"start": start, "end": end})]
