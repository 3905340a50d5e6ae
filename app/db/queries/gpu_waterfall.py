"""Reads for the waterfall: nodes and what they were, boards, owners, jobs that failed, and hourly facts in a stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db.load import driver
from app.db.tables.gpu import GpuBoard, GpuJob, GpuNode, GpuNodeSpan, GpuOwner
from app.domain.gpu.board_hour import BoardHour
from app.domain.gpu.hour import Owner
from app.domain.gpu.job import FAILED_STATES

HOUR_SECONDS = 3600
_FETCHED_AT_ONCE = 50_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FACTS = """
SELECT node_group.number, (extract(epoch FROM hour) / 3600)::bigint, node_group.node_id, board_id, observed, active,
       gpu_instance_id, mig_profile, owner_id, source_id, suspect, unavailable, activity_source,
       activity_avg, tensor_active_avg, dram_active_avg
FROM gpu_hour
JOIN gpu_board ON gpu_board.id = board_id
JOIN node_group ON node_group.node_id = coalesce(gpu_hour.node_id, gpu_board.node_id)
WHERE {within}
ORDER BY node_group.number, board_id, hour, source_id, gpu_instance_id, owner_id
"""


@dataclass(frozen=True)
class Span:
    """Seconds since 1970, from `start` up to, not including, `end`; None leaves that side open."""

    start: float | None
    end: float | None
    resource_id: str | None = None


@dataclass(frozen=True)
class Node:
    """A node, which resource of the bill it is, and when it was down."""

    id: int
    name: str
    resource_id: str | None
    instance_type: str | None
    boards: int | None
    was: Sequence[Span] = field(default=())  # resources, with the time for which a node map says so
    down: Sequence[Span] = field(default=())

    @property
    def resources(self) -> frozenset[str]:
        """Every resource that it ever was."""
        told = {self.resource_id, *(span.resource_id for span in self.was)}
        return frozenset(each for each in told if each)

    def resource_at(self, hour: int) -> str | None:
        """Which resource it was in an hour since 1970; a node map goes before what is said without a time."""
        at = hour * HOUR_SECONDS
        holding = (
            span.resource_id
            for span in self.was
            if (span.start is None or span.start < at + HOUR_SECONDS) and (span.end is None or at < span.end)
        )
        return next(holding, self.resource_id)


@dataclass(frozen=True)
class Board:
    """A board as the catalogue and telemetry name it."""

    accelerator: str | None
    model: str | None
    fb_total_mib: float | None


@dataclass(frozen=True)
class FailedJob:
    """A run of a job that failed."""

    job_id: str
    nodes: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None
    checkpoint_at: datetime | None
    state: str


def nodes(session: Session) -> list[Node]:
    """Every node with telemetry, or that a node map or an inventory names."""
    spans: dict[tuple[int, str], list[Span]] = {}
    for each in session.scalars(
        select(GpuNodeSpan).order_by(GpuNodeSpan.starts_at.desc().nulls_last(), GpuNodeSpan.id)
    ):
        span = Span(_seconds(each.starts_at), _seconds(each.ends_at), each.resource_id)
        spans.setdefault((each.node_id, each.kind), []).append(span)
    return [
        Node(
            node.id,
            node.name,
            node.resource_id,
            node.instance_type,
            node.boards,
            spans.get((node.id, "resource"), ()),
            spans.get((node.id, "down"), ()),
        )
        for node in session.scalars(select(GpuNode).order_by(GpuNode.id))
    ]


def boards(session: Session) -> dict[int, Board]:
    """Every board, by id."""
    statement = select(GpuBoard.id, GpuBoard.accelerator, GpuBoard.model, GpuBoard.fb_total_mib)
    return {key: Board(name, model, memory) for key, name, model, memory in session.execute(statement)}


def owners(session: Session) -> dict[int, Owner]:
    """Every owner of a workload, by id."""
    names = ("namespace", "pod", "container", "job_id", "user_name", "account", "team")
    statement = select(GpuOwner.id, *(GpuOwner.__table__.c[name] for name in names))
    return {key: Owner(*rest) for key, *rest in session.execute(statement)}


def failed_jobs(session: Session, first: datetime, last: datetime) -> list[FailedJob]:
    """The jobs that failed and ran at some time from `first` up to `last`."""
    columns = (GpuJob.job_id, GpuJob.nodes, GpuJob.started_at, GpuJob.ended_at, GpuJob.checkpoint_at, GpuJob.state)
    statement = (
        select(*columns)
        .where(GpuJob.state.in_(FAILED_STATES), GpuJob.started_at < last)
        .where(GpuJob.ended_at.is_(None) | (GpuJob.ended_at > first))
        .order_by(GpuJob.job_id, GpuJob.started_at, GpuJob.id)
    )
    return [
        FailedJob(key, tuple(names), start, end, checkpoint, state)
        for key, names, start, end, checkpoint, state in session.execute(statement)
        if start is not None
    ]


def facts(
    session: Session, groups: Mapping[int, int], spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, BoardHour]]:
    """The facts of nodes, each with the number of its node's group, by group, board and hour.

    `groups` has the number of each node's group; `spans` are hours since 1970, from the first up to the second. They
    come in blocks, and the connection may be used between two of them.
    """
    connection = driver(session)
    connection.execute("CREATE TEMPORARY TABLE node_group (node_id bigint PRIMARY KEY, number bigint) ON COMMIT DROP")
    with connection.cursor().copy("COPY node_group FROM STDIN") as copy:
        for row in groups.items():
            copy.write_row(row)
    connection.execute("ANALYZE node_group")
    within = sql.SQL(" OR ").join(
        sql.SQL("(hour >= {} AND hour < {})").format(sql.Literal(instant(start)), sql.Literal(instant(end)))
        for start, end in spans
    )
    with connection.cursor(name="gpu_facts") as cursor:
        cursor.itersize = _FETCHED_AT_ONCE
        cursor.execute(sql.SQL(_FACTS).format(within=within))
        for number, *fact in cursor:
            yield number, BoardHour._make(fact)
    connection.execute("DROP TABLE node_group")


def seen_hours(session: Session, node_ids: Sequence[int], first: datetime, last: datetime) -> dict[int, list[int]]:
    """The hours since 1970, of those from `first` up to `last`, in which each of these nodes was seen."""
    query = text(
        "SELECT coalesce(gpu_hour.node_id, gpu_board.node_id), (extract(epoch FROM hour) / 3600)::bigint FROM gpu_hour"
        " JOIN gpu_board ON gpu_board.id = board_id WHERE hour >= :first AND hour < :last"
        " AND coalesce(gpu_hour.node_id, gpu_board.node_id) = ANY(:nodes) GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found: dict[int, list[int]] = {}
    for node, hour in session.execute(query, {"nodes": list(node_ids), "first": first, "last": last}):
        found.setdefault(node, []).append(hour)
    return found


def periods_of_hours(session: Session, first: datetime, last: datetime) -> list[date]:
    """The months of the hours from `first` up to `last`, and the billing periods whose live bills price one of them."""
    query = text(
        "SELECT date_trunc('month', hour, 'UTC')::date FROM gpu_hour WHERE hour >= :first AND hour < :last UNION"
        " SELECT billing_period_start FROM gpu_price JOIN load ON load.id = load_id AND load.state = 'live'"
        " WHERE hour > :first - interval '1 day' AND hour < :last ORDER BY 1"
    )
    return list(session.scalars(query, {"first": first, "last": last}))


def has_gpus(session: Session) -> bool:
    """Whether any bill has a GPU, or any telemetry of one is there."""
    query = "SELECT EXISTS (SELECT FROM gpu_price) OR EXISTS (SELECT FROM gpu_hour) OR EXISTS (SELECT FROM gpu_waste)"
    return bool(session.scalar(text(query)))


def instant(hour: int) -> datetime:
    """The beginning of an hour since 1970."""
    return _EPOCH + timedelta(hours=hour)


def _seconds(moment: Any) -> float | None:
    return moment.timestamp() if moment else None
