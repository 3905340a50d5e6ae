"""What the rules of GPU findings look at, and the findings there are."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, text, true
from sqlalchemy.orm import Session

from app.db.queries.conditions import may_see
from app.db.tables.gpu import GpuBoard, GpuFinding, GpuJob, GpuNode, GpuOwner
from app.domain.gpu.findings.rule import Place, WasteOfDay, WorkloadFacts
from app.domain.gpu.findings.state import FindingState
from app.domain.gpu.hour import Owner
from app.domain.gpu.job import FAILED_STATES
from app.domain.gpu.states import WasteState

_LAST_DAY = """
SELECT coalesce((SELECT (max(hour) AT TIME ZONE 'UTC')::date FROM gpu_hour),
                (SELECT (max(ended_at) AT TIME ZONE 'UTC')::date FROM gpu_job))
"""
_WASTE = """
SELECT day, state, trim_scale(round(sum(board_minutes) / 60, 6)), trim_scale(sum(effective_cost)),
       trim_scale(sum(recoverable_capacity_cost)), trim_scale(sum(recoverable_bill_cost)), billing_currency,
       team_id, node_id, owner_id, accelerator
FROM gpu_waste WHERE day >= :start AND day <= :last
GROUP BY day, state, billing_currency, team_id, node_id, owner_id, accelerator
ORDER BY day, state, billing_currency, team_id, node_id, owner_id, accelerator
"""
# Busy and yet idle: says 90 % and more, no tensor activity, and memory that does not move by 2 %.
_FACTS = """
SELECT owner_id, accelerator, sum(minutes) / 60.0, sum(active_minutes) / 60.0, max(fb_total_mib), max(fb_used_mib_max),
       sum(activity_avg * minutes) FILTER (WHERE active_minutes > 0)
           / nullif(sum(minutes) FILTER (WHERE active_minutes > 0 AND activity_avg IS NOT NULL), 0),
       max(activity_avg), max(activity_max),
       sum(dram_active_avg * minutes) / nullif(sum(minutes) FILTER (WHERE dram_active_avg IS NOT NULL), 0),
       coalesce(sum(minutes) FILTER (WHERE is_busy), 0) / 60.0, avg(power_watts_avg) FILTER (WHERE is_busy)
FROM (
    SELECT gpu_hour.*, coalesce(board.accelerator, board.model) AS accelerator, board.fb_total_mib,
           bit_count(observed::bit(64))::float AS minutes, bit_count(active::bit(64))::float AS active_minutes,
           gpu_instance_id = -1 AND coalesce(gpu_util_avg, activity_avg * 100) >= 90 AND tensor_active_avg <= 0.001
               AND fb_used_mib_max - fb_used_mib_avg <= 0.02 * fb_used_mib_max
               AND power_watts_avg IS NOT NULL AS is_busy
    FROM gpu_hour JOIN gpu_board AS board ON board.id = board_id
    WHERE hour >= :start AND hour < :end AND owner_id IS NOT NULL
) AS fact GROUP BY 1, 2 ORDER BY 1, 2
"""


def last_day(session: Session) -> date | None:
    """The last UTC day that telemetry tells of, or without any the last on which a job ended."""
    found: date | None = session.scalar(text(_LAST_DAY))
    return found


def waste_of_days(session: Session, start: date, last: date) -> tuple[WasteOfDay, ...]:
    """Waste of the days from `start` to `last`, by workload and node."""
    rows = session.execute(text(_WASTE), {"start": start, "last": last})
    return tuple(WasteOfDay(day, WasteState(state), *rest) for day, state, *rest in rows)


def workload_facts(session: Session, start: date, last: date) -> tuple[WorkloadFacts, ...]:
    """What was measured of each workload in the days from `start` to `last`."""
    values = {"start": _midnight(start), "end": _midnight(last + timedelta(days=1))}
    return tuple(WorkloadFacts(*row) for row in session.execute(text(_FACTS), values))


def failed_jobs(session: Session, start: date, last: date) -> Sequence[GpuJob]:
    """The runs of jobs with GPUs that failed in the days from `start` to `last`."""
    statement = select(GpuJob).where(
        GpuJob.ended_at >= _midnight(start),
        GpuJob.ended_at < _midnight(last + timedelta(days=1)),
        GpuJob.state.in_(FAILED_STATES),
        GpuJob.started_at.is_not(None),
        GpuJob.gpus > 0,
    )
    return session.scalars(statement.order_by(GpuJob.ended_at, GpuJob.id)).all()


def waiting_jobs(session: Session, start: date) -> int:
    """How many jobs with GPUs wait that were submitted since `start`."""
    waits = (GpuJob.state == "PENDING", GpuJob.gpus > 0, GpuJob.submitted_at >= _midnight(start))
    return session.scalar(select(func.count()).select_from(GpuJob).where(*waits)) or 0


def owners_of(session: Session, ids: Collection[int]) -> dict[int, Owner]:
    """Workloads by id."""
    columns = [getattr(GpuOwner, name) for name in Owner.__dataclass_fields__]
    statement = select(GpuOwner.id, *columns).where(GpuOwner.id.in_(ids))
    return {key: Owner(*said) for key, *said in session.execute(statement)}


def places(session: Session) -> dict[int, Place]:
    """Every node, with the boards it has, or those that were seen in it."""
    seen = select(GpuBoard.node_id, func.count().label("boards")).group_by(GpuBoard.node_id).subquery()
    statement = select(GpuNode.id, GpuNode.name, func.coalesce(GpuNode.boards, seen.c.boards, 0)).outerjoin(
        seen, seen.c.node_id == GpuNode.id
    )
    return {key: Place(name, boards) for key, name, boards in session.execute(statement)}


def watched_nodes(session: Session, start: date, last: date) -> set[int]:
    """The nodes of which it is known what they did from `start` to `last`: seen, or paid for no more.

    A node counts as not paid for any more only if others are, on each of the days: a bill may come late.
    """
    statement = """
    SELECT DISTINCT node_id FROM gpu_hour
    WHERE hour >= :since AND hour < :until AND observed <> 0 AND node_id IS NOT NULL
    UNION
    SELECT id FROM gpu_node
    WHERE (SELECT count(DISTINCT day) FROM gpu_waste WHERE day >= :start AND day <= :last) = :days
      AND NOT EXISTS (SELECT FROM gpu_waste WHERE node_id = gpu_node.id AND day >= :start AND day <= :last)
    """
    values = {
        "since": _midnight(start),
        "until": _midnight(last + timedelta(days=1)),
        "start": start,
        "last": last,
        "days": (last - start).days + 1,
    }
    return set(session.scalars(text(statement), values))


def standing_findings(session: Session) -> dict[tuple[str, str], GpuFinding]:
    """The findings that are not resolved, by rule and subject."""
    found = session.scalars(select(GpuFinding).where(GpuFinding.state != FindingState.RESOLVED))
    return {(each.rule, each.subject): each for each in found}


def listed_findings(
    session: Session,
    *,
    visible: frozenset[str] | None,
    states: Collection[str] = (),
    rules: Collection[str] = (),
    teams: Collection[str] = (),
    finding_id: int | None = None,
) -> list[tuple[GpuFinding, str | None]]:
    """Findings that may be seen, each with the name of its node; those with the most to recover first."""
    asked: list[ColumnElement[bool]] = [true() if visible is None else may_see(visible)(GpuFinding.__table__.c.team_id)]
    for column, values in ((GpuFinding.state, states), (GpuFinding.rule, rules), (GpuFinding.team_id, teams)):
        if values:
            asked.append(column.in_(values))
    if finding_id is not None:
        asked.append(GpuFinding.id == finding_id)
    most = func.coalesce(GpuFinding.recoverable_capacity_cost, Decimal(0)).desc()
    statement = select(GpuFinding, GpuNode.name).outerjoin(GpuNode, GpuNode.id == GpuFinding.node_id).where(*asked)
    return [(finding, node) for finding, node in session.execute(statement.order_by(most, GpuFinding.id))]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))
