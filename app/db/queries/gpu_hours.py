"""GPU-hours of a span, measured: from hourly facts, and from jobs that no telemetry was there for.

Where several sources tell of a board's hour, the one that observed most of it counts.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.hour import Owner
from app.domain.gpu.metered import MeteredHours
from app.domain.gpu.mig import Slices
from app.domain.gpu.sharing import parts
from app.domain.period import Period

SlicesOf = Callable[[str | None], Slices]
_MEASURED = """
CREATE TEMPORARY TABLE measured_hour ON COMMIT DROP AS
SELECT DISTINCT ON (hour, board_id) hour, board_id, source_id, is_plain FROM (
    SELECT hour, board_id, source_id, count(*) = 1 AND min(gpu_instance_id) = -1 AS is_plain,
           bit_count(bit_or(observed)::bit(64)) AS minutes
    FROM gpu_hour WHERE hour >= :start AND hour < :end GROUP BY 1, 2, 3
) AS told ORDER BY hour, board_id, minutes DESC, source_id
"""
# A board that one workload, or nobody, had for the whole hour: the greater part by far, so PostgreSQL adds it up.
_PLAIN = """
SELECT source_id, day, namespace, account, team, user_name, job_id, node.name AS node,
       coalesce(accelerator, board.model) AS accelerator, owner_id IS NULL AS is_nobodys, observed, active
FROM (
    SELECT source_id, (hour AT TIME ZONE 'UTC')::date AS day, owner_id, node_id, board_id,
           sum(bit_count(observed::bit(64)))::bigint AS observed, sum(bit_count(active::bit(64)))::bigint AS active
    FROM gpu_hour JOIN measured_hour USING (hour, board_id, source_id) WHERE is_plain GROUP BY 1, 2, 3, 4, 5
) AS summed
JOIN gpu_board AS board ON board.id = board_id
LEFT JOIN gpu_node AS node ON node.id = summed.node_id
LEFT JOIN gpu_owner AS owner ON owner.id = owner_id
"""
_SHARED = """
SELECT source_id, hour, (hour AT TIME ZONE 'UTC')::date AS day, gpu_hour.board_id, gpu_instance_id, mig_profile,
       owner_id, observed, active, node.name AS node, coalesce(accelerator, board.model) AS accelerator,
       board.model AS model, namespace, job_id, user_name, account, owner.team AS team
FROM gpu_hour JOIN measured_hour USING (hour, board_id, source_id)
JOIN gpu_board AS board ON board.id = gpu_hour.board_id
LEFT JOIN gpu_node AS node ON node.id = gpu_hour.node_id
LEFT JOIN gpu_owner AS owner ON owner.id = owner_id
WHERE NOT is_plain ORDER BY hour, gpu_hour.board_id, gpu_instance_id, owner_id
"""
# A job that still runs counts up to the last moment that its source tells of. The GPUs of a job are spread evenly
# over its nodes.
_JOBS = """
WITH known AS (
    SELECT source_id, max(greatest(submitted_at, started_at, ended_at)) AS until FROM gpu_job GROUP BY 1
), measured AS (
    SELECT owner.job_id, min(hour) AS first, max(hour) + interval '1 hour' AS last
    FROM gpu_hour JOIN gpu_owner AS owner ON owner.id = owner_id
    WHERE hour >= :start AND hour < :end AND owner.job_id IS NOT NULL GROUP BY 1
), ran AS (
    SELECT job.*, greatest(started_at, :start) AS since, least(coalesce(ended_at, until), :end) AS until
    FROM gpu_job AS job JOIN known USING (source_id)
    WHERE gpus > 0 AND started_at < :end AND coalesce(ended_at, until) > :start
)
SELECT source_id, day::date AS day, account, team, user_name, node,
       sum(gpus * extract(epoch FROM least(until, (day + interval '1 day') AT TIME ZONE 'UTC')
                                   - greatest(since, day AT TIME ZONE 'UTC'))
           / greatest(cardinality(nodes), 1)) AS seconds
FROM ran
CROSS JOIN generate_series(
    date_trunc('day', since AT TIME ZONE 'UTC'), until AT TIME ZONE 'UTC', interval '1 day') AS day
LEFT JOIN unnest(nodes) AS node ON true
WHERE (day AT TIME ZONE 'UTC') < until AND NOT EXISTS (
    SELECT FROM measured WHERE measured.job_id = ran.job_id AND measured.first < until AND measured.last > since)
GROUP BY 1, 2, 3, 4, 5, 6
"""


def has_gpu_hours(session: Session, period: Period) -> bool:
    """Whether telemetry or a scheduler tells anything of `period`."""
    statement = """
    SELECT EXISTS (SELECT FROM gpu_hour WHERE hour >= :start AND hour < :end)
        OR EXISTS (SELECT FROM gpu_job WHERE started_at < :end AND coalesce(ended_at, 'infinity') > :start)
    """
    return bool(session.scalar(text(statement), _values(period)))


def billed_months(session: Session, first: datetime, last: datetime) -> list[date]:
    """The billing periods with a live load, among the months from `first` to `last`."""
    statement = """
    SELECT DISTINCT billing_period_start FROM load WHERE state = 'live' AND billing_period_start <= :last
        AND billing_period_start >= date_trunc('month', cast(:first AS timestamptz), 'UTC')::date ORDER BY 1
    """
    return list(session.scalars(text(statement), {"first": first, "last": last.astimezone(UTC).date()}))


def metered_hours(session: Session, period: Period, slices: SlicesOf) -> Iterator[MeteredHours]:
    """The GPU-hours of `period`, by source, UTC day, owner, node and accelerator, and those that nobody had.

    `slices` says into how many MIG slices a model's board is divided. What is active without a known owner is in use,
    and has no owner. The caller's transaction may write: what counts is put into a temporary table first.
    """
    values = _values(period)
    session.execute(text(_MEASURED), values)
    session.execute(text("ANALYZE measured_hour"))
    for row in session.execute(text(_PLAIN)):
        yield from _split(row, _owner(row), Fraction(row.observed), Fraction(row.active))
    yield from _shared(session, slices)
    session.execute(text("DROP TABLE measured_hour"))
    for row in session.execute(text(_JOBS), values):
        owner = Owner(user_name=row.user_name, account=row.account, team=row.team)
        yield MeteredHours(row.source_id, row.day, Fraction(row.seconds) / 3600, owner, row.node)


def _shared(session: Session, slices: SlicesOf) -> Iterator[MeteredHours]:
    """Boards that were divided, or had several owners in an hour."""
    rows = session.execute(text(_SHARED)).yield_per(10_000)
    for _, of_board in groupby(rows, lambda row: (row.hour, row.board_id)):
        facts = list(of_board)
        by_owner = {row.owner_id: row for row in facts}
        works = [Workload(_board_hour(row)) for row in facts]
        for part in parts(works, slices(facts[0].model)):
            fact = part.work.fact
            observed, active = part.minutes.bit_count(), (part.minutes & fact.active).bit_count()
            owner = _owner(by_owner[fact.owner_id]) if fact.owner_id is not None else None
            yield from _split(facts[0], owner, Fraction(observed * part.share), Fraction(active * part.share))


def _split(row: Row[Any], owner: Owner | None, observed: Fraction, active: Fraction) -> Iterator[MeteredHours]:
    """What is somebody's as a whole; what is nobody's by whether it was in use."""
    used = observed if owner is not None else active
    for minutes, is_idle in ((used, False), (observed - used, True)):
        if minutes:
            yield MeteredHours(row.source_id, row.day, minutes / 60, owner, row.node, row.accelerator, is_idle)


def _board_hour(row: Row[Any]) -> BoardHour:
    return BoardHour(
        hour=0,
        node_id=0,
        board_id=row.board_id,
        observed=row.observed,
        active=row.active,
        gpu_instance_id=row.gpu_instance_id,
        mig_profile=row.mig_profile,
        owner_id=row.owner_id,
    )


def _owner(row: Row[Any]) -> Owner | None:
    if getattr(row, "is_nobodys", False):
        return None
    return Owner(
        namespace=row.namespace, job_id=row.job_id, user_name=row.user_name, account=row.account, team=row.team
    )


def _values(period: Period) -> dict[str, datetime]:
    midnight = time(tzinfo=UTC)
    return {"start": datetime.combine(period.start, midnight), "end": datetime.combine(period.end, midnight)}
